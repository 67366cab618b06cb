"""Slack's Web API and Teams' connector on loopback: they check what they are sent against the platforms' published rules."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import jwt
from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from slack_sdk.models.blocks import Block
from slack_sdk.signature import SignatureVerifier

from watchkeeper.simulate.serve import serving

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
LIMITS = {"header": 150, "text": 3000, "field": 2000, "button": 75, "value": 2000}


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    """Slack's limits, and its own models."""
    assert 1 <= len(blocks) <= 50
    for block, parsed in zip(blocks, Block.parse_all(blocks), strict=True):
        assert parsed is not None
        parsed.validate_json()
        match block["type"]:
            case "header":
                assert 1 <= len(block["text"]["text"]) <= LIMITS["header"]
            case "section":
                assert all(1 <= len(f["text"]) <= LIMITS["field"] for f in block.get("fields", []))
                assert len(block.get("fields", [])) <= 10
                assert "text" not in block or 1 <= len(block["text"]["text"]) <= LIMITS["text"]
            case "actions":
                assert 1 <= len(block["elements"]) <= 25
                assert len({e["action_id"] for e in block["elements"]}) == len(block["elements"])
                assert all(
                    len(e["value"]) <= LIMITS["value"] and len(e["text"]["text"]) <= LIMITS["button"]
                    for e in block["elements"]
                )


@dataclass
class SlackStandIn:
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """ts -> the message as it is now"""
    calls: list[str] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    """what was sent to response URLs"""
    views: list[dict[str, Any]] = field(default_factory=list)
    limited: int = 0
    """further calls that get 429"""
    url: str = ""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/respond")
        async def respond(request: Request) -> Response:
            self.answers.append(await request.json())
            return Response("ok")

        @app.post("/api/{method}")
        async def call(method: str, request: Request) -> Response:
            if request.headers.get("authorization") != "Bearer xoxb-test":
                return JSONResponse({"ok": False, "error": "invalid_auth"})
            raw = await request.body()
            body = (
                json.loads(raw)
                if "json" in request.headers.get("content-type", "")
                else {k: v[0] for k, v in parse_qs(raw.decode()).items()}
            )
            if self.limited and method.startswith("chat."):
                self.limited -= 1
                return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers={"Retry-After": "0"})
            self.calls.append(method)
            return JSONResponse(self._answer(method, body))

        return app

    def _answer(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "auth.test":
            return {
                "ok": True,
                "url": "https://x.slack.com/",
                "team": "T",
                "user": "watch",
                "team_id": "T1",
                "user_id": "UBOT",
                "bot_id": "B1",
            }
        if method == "views.publish":
            view = json.loads(body["view"]) if isinstance(body["view"], str) else body["view"]
            check_blocks(view["blocks"])
            self.views.append(view)
            return {"ok": True}
        blocks = json.loads(body["blocks"]) if isinstance(body.get("blocks"), str) else body.get("blocks")
        if blocks:
            check_blocks(blocks)
        assert body["text"]
        assert len(body["text"]) <= 40_000
        if method == "chat.update":
            if body["ts"] not in self.messages:
                return {"ok": False, "error": "message_not_found"}
            self.messages[body["ts"]] |= {"text": body["text"], "blocks": blocks}
            return {"ok": True, "channel": body["channel"], "ts": body["ts"]}
        assert str(body.get("unfurl_links")).lower() in ("false", "0")
        ts = f"1700000000.{len(self.messages):06d}"
        self.messages[ts] = {"text": body["text"], "blocks": blocks, "thread_ts": body.get("thread_ts", "")}
        return {"ok": True, "channel": body["channel"], "ts": ts}

    @property
    def top(self) -> list[dict[str, Any]]:
        """Messages that are not in a thread."""
        return [m for m in self.messages.values() if not m["thread_ts"]]

    def buttons(self) -> dict[str, str]:
        """action -> value, of the newest top message."""
        return {
            e["action_id"]: e["value"] for b in self.top[-1]["blocks"] if b["type"] == "actions" for e in b["elements"]
        }

    async def press(self, door: str, action: str, value: str, user: str, secret: str = SECRET) -> httpx.Response:
        """As Slack sends it: a signed form."""
        payload = {
            "type": "block_actions", "user": {"id": user}, "team": {"id": "T1"}, "api_app_id": "A1", "response_url": f"{self.url}/respond", "trigger_id": "1",
            "container": {"type": "message"}, "actions": [{"type": "button", "action_id": action, "block_id": "decide", "value": value, "action_ts": "1"}],
        }  # fmt: skip
        return await self.send(door, urlencode({"payload": json.dumps(payload)}), secret)

    async def command(self, door: str, text: str, user: str) -> httpx.Response:
        form = {
            "command": "/watchkeeper",
            "text": text,
            "user_id": user,
            "team_id": "T1",
            "channel_id": "C1",
            "response_url": f"{self.url}/respond",
            "trigger_id": "1",
        }
        return await self.send(door, urlencode(form), SECRET)

    async def event(self, door: str, event: dict[str, Any]) -> httpx.Response:
        body = json.dumps(
            {
                "type": "event_callback",
                "team_id": "T1",
                "api_app_id": "A1",
                "event": event,
                "event_id": "E1",
                "event_time": 1,
            }
        )
        return await self.send(door, body, SECRET, "application/json")

    async def send(
        self, door: str, body: str, secret: str, kind: str = "application/x-www-form-urlencoded"
    ) -> httpx.Response:
        at = str(int(time.time()))
        signed = SignatureVerifier(secret).generate_signature(timestamp=at, body=body) or ""
        headers = {"x-slack-request-timestamp": at, "x-slack-signature": signed, "content-type": kind}
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.post(door, content=body, headers=headers)


@dataclass
class SocketStandIn:
    """Slack's Socket Mode: it opens a socket for an app token, sends envelopes and keeps the acknowledgements."""

    acknowledged: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    socket: Any = None

    async def connect(self, request: web.Request) -> web.Response:
        self.opened.append(request.headers["Authorization"])
        return web.json_response({"ok": True, "url": f"ws://{request.host}/link"})

    async def auth(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "user_id": "UBOT", "bot_id": "B1", "team_id": "T1"})

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        self.socket = web.WebSocketResponse()
        await self.socket.prepare(request)
        await self.socket.send_json({"type": "hello", "num_connections": 1})
        async for message in self.socket:
            if message.type is WSMsgType.TEXT and message.data.startswith("{"):
                self.acknowledged.append(json.loads(message.data)["envelope_id"])
        return self.socket

    async def press(self, envelope: str, action: str, value: str, user: str, respond: str) -> None:
        payload = {
            "type": "block_actions", "user": {"id": user}, "team": {"id": "T1"}, "api_app_id": "A1", "response_url": respond, "trigger_id": "1",
            "container": {"type": "message"}, "actions": [{"type": "button", "action_id": action, "block_id": "decide", "value": value, "action_ts": "1"}],
        }  # fmt: skip
        await self.socket.send_json(
            {"envelope_id": envelope, "type": "interactive", "accepts_response_payload": False, "payload": payload}
        )


@asynccontextmanager
async def socket_stand_in() -> AsyncIterator[tuple[SocketStandIn, str]]:
    here = SocketStandIn()
    app = web.Application()
    app.router.add_post("/api/apps.connections.open", here.connect)
    app.router.add_post("/api/auth.test", here.auth)
    app.router.add_get("/link", here.link)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=1)
    await site.start()
    try:
        yield here, f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        await runner.cleanup()


@dataclass
class TeamsStandIn:
    activities: dict[str, dict[str, Any]] = field(default_factory=dict)
    updates: int = 0
    url: str = ""
    openid: str = ""
    key: Any = field(default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v3/conversations/{conversation}/activities")
        async def create(conversation: str, request: Request) -> dict[str, str]:
            assert request.headers["authorization"].startswith("Bearer ")
            number = f"act-{len(self.activities) + 1}"
            self.activities[number] = await request.json()
            return {"id": number}

        @app.put("/v3/conversations/{conversation}/activities/{number}")
        async def update(conversation: str, number: str, request: Request) -> dict[str, str]:
            assert number in self.activities
            self.updates += 1
            self.activities[number] = await request.json()
            return {"id": number}

        return app

    def keys(self) -> bytes:
        """What verifies our tokens."""
        one = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return json.dumps(
            {"keys": [{**one, "kid": "k1", "use": "sig", "alg": "RS256", "endorsements": ["msteams"]}]}
        ).encode()

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [a["content"] for m in self.activities.values() for a in m.get("attachments") or []]

    async def press(
        self, door: str, verb: str, value: str, user: str, *, signed: bool = True, audience: str = "bot-1"
    ) -> httpx.Response:
        """An Action.Execute as Teams posts it, with the connector's token."""
        now = int(time.time())
        claims = {
            "iss": "https://api.botframework.com",
            "aud": audience,
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            "serviceurl": self.url,
        }
        key = self.key if signed else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})
        activity = {
            "type": "invoke", "name": "adaptiveCard/action", "id": "i1", "channelId": "msteams", "serviceUrl": self.url, "from": {"id": "29:x", "name": "somebody", "aadObjectId": user},
            "recipient": {"id": "28:bot-1", "name": "watch"}, "conversation": {"id": "conv-1", "conversationType": "channel"},
            "value": {"action": {"type": "Action.Execute", "verb": verb, "data": {"id": value}}, "trigger": "manual"},
        }  # fmt: skip
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.post(door, json=activity, headers={"authorization": f"Bearer {token}"})


@asynccontextmanager
async def slack_stand_in() -> AsyncIterator[SlackStandIn]:
    here = SlackStandIn()
    async with serving({"slack": here.app()}) as urls:
        here.url = urls["slack"]
        yield here


@asynccontextmanager
async def teams_stand_in() -> AsyncIterator[TeamsStandIn]:
    """The keys are served from a thread of their own: the SDK fetches them without giving way to other tasks."""
    here = TeamsStandIn()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(here.keys())

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    keys = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    Thread(target=keys.serve_forever, daemon=True).start()
    here.openid = f"http://127.0.0.1:{keys.server_port}/openidconfiguration"
    try:
        async with serving({"teams": here.app()}) as urls:
            here.url = urls["teams"]
            yield here
    finally:
        keys.shutdown()
        keys.server_close()
