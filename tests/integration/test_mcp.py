"""The MCP server: what it offers, whose token counts, and that nothing of it approves."""

from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from mcp import Client
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

from watchkeeper.cli.mcp import _call
from watchkeeper.domain.errors import NotAllowed
from watchkeeper.mcp import create
from watchkeeper.simulate.serve import serving


async def test_tools_read_and_suggest_and_the_api_decides_who_may() -> None:
    calls: list[tuple[str, str, str, dict[str, Any]]] = []

    def call(method: str, path: str, token: str, options: dict[str, Any]) -> Any:
        calls.append((method, path, token, options))
        if path.endswith("/suggestions"):
            raise NotAllowed("this needs the role responder")
        return {"items": [{"id": "inc-1"}], "diagnosis": {"root_cause": "x"}, "response": "3 lines"}

    async with Client(create(call)) as client:
        names = {t.name for t in (await client.list_tools()).tools}
        assert names == {
            "list_incidents",
            "read_incident",
            "read_diagnosis",
            "search_logs",
            "ask_question",
            "suggest_action",
        }
        assert not any(word in name for name in names for word in ("approve", "reject", "execute", "apply"))
        assert "inc-1" in str(await client.call_tool("list_incidents", {}))
        await client.call_tool("read_incident", {"incident_id": "../plans/p/approve"})
        assert calls[-1][1] == "/api/v1/incidents/..%2Fplans%2Fp%2Fapprove"
        await client.call_tool("search_logs", {"text": 'time"out', "service": "payment"})
        assert calls[-1][3]["json"]["query"] == 'search the logs for "timeout" of payment in the last 15 minutes'
        refused = await client.call_tool("suggest_action", {"incident_id": "inc-1", "action": "restart"})
        assert refused.is_error
        assert "responder" in str(refused)


async def test_over_http_the_callers_own_token_counts_and_without_one_nothing_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    api = FastAPI()

    @api.get("/api/v1/incidents")
    async def incidents(request: Request) -> Any:
        seen.append(request.headers.get("authorization", ""))
        if seen[-1] != "Bearer ours":
            problem = {"detail": "this token is not known", "hint": "ask an administrator"}
            return JSONResponse(problem, status_code=401)
        return {"items": [{"id": "inc-7"}]}

    doors = create(_call).streamable_http_app()
    async with serving({"api": api}) as urls, doors.router.lifespan_context(doors), serving({"mcp": doors}) as at:
        monkeypatch.setenv("WATCHKEEPER_URL", urls["api"])
        monkeypatch.setenv("WATCHKEEPER_TOKEN", "the-servers-own")
        for token, words in (("ours", "inc-7"), ("theirs", "not known"), ("", "bearer token")):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with (
                create_mcp_http_client(headers=headers) as http,
                Client(streamable_http_client(f"{at['mcp']}/mcp", http_client=http)) as client,
            ):
                answer = await client.call_tool("list_incidents", {})
            assert words in str(answer)
            assert bool(answer.is_error) is (token != "ours")
    assert seen == ["Bearer ours", "Bearer theirs"], "the server's own token is never lent to a caller"
