"""A server that speaks the Azure OpenAI chat protocol with scripted answers: good, bad, slow, cut, filtered, hostile."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from watchkeeper.simulate.serve import serving

DEPLOYMENT = "watch-gpt"


@dataclass
class Scripted:
    """One answer: text, or what else happens."""

    text: str = "{}"
    finish: str = "stop"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    code: str = ""
    seconds: float = 0.0
    tool_calls: list[dict[str, Any]] | None = None
    raw: bytes | None = None


@dataclass
class Azure:
    script: list[Scripted]
    asked: list[dict[str, Any]] = field(default_factory=list)
    bytes_seen: list[bytes] = field(default_factory=list)
    url: str = ""
    models: list[Any] = field(default_factory=list)
    """closed at the end"""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/openai/deployments/{deployment}/chat/completions")
        async def azure(deployment: str, request: Request) -> Response:
            if request.headers.get("api-key") != "azure-key" or "api-version" not in request.query_params:
                return JSONResponse({"error": {"code": "401", "message": "Access denied"}}, 401)
            if deployment != DEPLOYMENT:
                return JSONResponse({"error": {"code": "DeploymentNotFound", "message": "no such deployment"}}, 404)
            return await self._answer(request)

        @app.post("/v1/chat/completions")
        async def compatible(request: Request) -> Response:
            return await self._answer(request)

        return app

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        self.bytes_seen.append(body)
        asked = json.loads(body)
        self.asked.append(asked)
        said = self.script.pop(0)
        if said.seconds:
            await asyncio.sleep(said.seconds)
        if said.raw is not None:
            return Response(said.raw, said.status, media_type="application/json")
        if said.status != 200:
            return JSONResponse(
                {"error": {"code": said.code or str(said.status), "message": "no"}}, said.status, headers=said.headers
            )
        if asked.get("stream"):
            return StreamingResponse(self._pieces(said), media_type="text/event-stream")
        message = {
            "role": "assistant",
            "content": said.text,
            **({"tool_calls": said.tool_calls} if said.tool_calls else {}),
        }
        return JSONResponse(
            {
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-11-20",
                "choices": [{"index": 0, "finish_reason": said.finish, "message": message}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
            }
        )  # fmt: skip

    async def _pieces(self, said: Scripted) -> AsyncIterator[bytes]:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
        for word in said.text.split(" "):
            chunk = {**head, "choices": [{"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}]}
            yield f"data: {json.dumps(chunk)}\n\n".encode()
        yield f"data: {json.dumps({**head, 'choices': [{'index': 0, 'delta': {}, 'finish_reason': said.finish}]})}\n\n".encode()
        yield b"data: [DONE]\n\n"


@asynccontextmanager
async def azure(*script: Scripted | str) -> AsyncIterator[Azure]:
    here = Azure([s if isinstance(s, Scripted) else Scripted(s) for s in script])
    async with serving({"azure": here.app()}) as urls:
        here.url = urls["azure"]
        yield here
        for model in here.models:
            await model.aclose()
