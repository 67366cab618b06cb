"""Every door there is, tried by a stranger, with a forged token, with too small a role, and with forged signatures."""

import inspect
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route, WebSocketRoute

from watchkeeper import app as front
from watchkeeper.access.tokens import COOKIE, Access
from watchkeeper.api.app import create_app
from watchkeeper.console.routes import FORMS, PAGES, mount
from watchkeeper.domain.severity import Role
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugins
from watchkeeper.store.postgres import PostgresStore

OPEN = {
    "/healthz", "/readyz", "/metrics",  # health; `server.metrics_token` closes the last
    "/openapi.json", "/docs", "/static",  # the same text in every installation
    "/login", "/login/oidc", "/login/oidc/callback", "/logout", "/setup",  # the way in and out; tested in test_sign_in
}  # fmt: skip
"""Doors that ask for nobody's name. A new one must be added here by hand."""
STRANGER = ("203.0.113.9", 4711)
SENDERS = sorted(plugins("watchkeeper.api.webhooks", "read"))


@dataclass
class Walk:
    app: FastAPI
    client: httpx.AsyncClient
    access: Access

    def doors(self) -> Iterator[tuple[str, str, Any]]:
        """(method, path, route) of everything but the open ones."""
        for route in routes_of(self.app):
            path = getattr(route, "path", "")
            if path in OPEN or isinstance(route, WebSocketRoute | Mount):
                continue
            assert isinstance(route, Route | APIRoute), route
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                for filled in fill(path):
                    yield method, filled, route

    async def knock(self, method: str, path: str, **more: Any) -> httpx.Response:
        body = (
            {"json": {}} if method in ("POST", "PUT", "PATCH") and "data" not in more and "content" not in more else {}
        )
        return await self.client.request(method, path, **body, **more)


def routes_of(holder: Any) -> Iterator[Any]:
    """Every route, those of included routers too."""
    for route in holder.routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from routes_of(inner)


def fill(path: str) -> list[str]:
    if "{sender}" in path:
        return [path.replace("{sender}", sender) for sender in SENDERS]
    if "{form}" in path:
        return [path.replace("{form}", form).replace("{subject}", "x") for form in plugins(FORMS, "FORM")]
    out = path
    while "{" in out:
        head, _, rest = out.partition("{")
        out = head + "x" + rest.partition("}")[2]
    return [out]


@pytest.fixture
async def walk(database_url: str) -> AsyncIterator[Walk]:
    settings = Settings.model_validate({"server": {"webhook_token": "right", "anonymous_per_minute": 0}})
    store = PostgresStore.open(database_url)
    house = front.build_house(settings, store)
    access = Access(front.StoredTokens(house), house.ids, settings.server)
    app = create_app(house, access=access)
    mount(app)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False, client=STRANGER), base_url="http://wk"
    ) as client:
        yield Walk(app, client, access)
    await store.close()


def refused(answer: httpx.Response) -> bool:
    to_login = answer.status_code == 303 and answer.headers["location"].startswith("/login")
    return answer.status_code in (401, 403, 404) or to_login


@pytest.mark.parametrize(
    "shown",
    [{}, {"Authorization": "Bearer wk_forged"}, {"Cookie": f"{COOKIE}=wk_forged"}, {"Authorization": "Basic eDp5"}],
    ids=["nothing", "forged token", "forged session", "another scheme"],
)
async def test_a_stranger_gets_nothing_anywhere(walk: Walk, shown: dict[str, str]) -> None:
    tried, let_in = 0, []
    for method, path, _ in walk.doors():
        answer = await walk.knock(method, path, headers=shown)
        tried += 1
        if not refused(answer):
            let_in.append(f"{method} {path}: {answer.status_code}")
    assert not let_in
    assert tried > 40


async def test_even_loopback_needs_a_token(walk: Walk) -> None:
    near = httpx.ASGITransport(walk.app, raise_app_exceptions=False, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=near, base_url="http://wk") as client:
        near_walk = Walk(walk.app, client, walk.access)
        assert [f"{m} {p}" for m, p, _ in walk.doors() if not refused(await near_walk.knock(m, p))] == []


def wanted(route: Any) -> Role | None:
    """The role the door asks for, read from the door itself; None for doors with a proof of their own."""
    if isinstance(route, APIRoute) and route.include_in_schema:
        found: list[Role] = []
        waiting = [route.dependant]
        while waiting:
            dependant = waiting.pop()
            waiting += dependant.dependencies
            role = (
                inspect.getclosurevars(dependant.call).nonlocals.get("role")
                if inspect.isfunction(dependant.call)
                else None
            )
            found += [role] if isinstance(role, Role) else []
        return max(found, key=list(Role).index) if found else None
    for page in plugins(PAGES, "PAGE").values():
        if page.path == route.path:
            return Role(page.role)
    return None


async def test_too_small_a_role_is_refused_everywhere(walk: Walk) -> None:
    tokens = {role: await walk.access.issue(str(role), role) for role in Role}
    tried, let_in = 0, []
    for method, path, route in walk.doors():
        least = wanted(route) or (
            Role(plugins(FORMS, "FORM")[path.split("/")[2]].role) if "{form}" in route.path else None
        )
        for role in Role:
            if least is None or role.covers(least):
                continue
            tried += 1
            answer = await walk.knock(method, path, headers={"Authorization": f"Bearer {tokens[role]}"})
            if answer.status_code != 403:
                let_in.append(f"{role} at {method} {path}: {answer.status_code}")
    assert not let_in
    assert tried > 20


async def test_a_door_without_a_role_has_a_proof_of_its_own(walk: Walk) -> None:
    without = {route.path for _, _, route in walk.doors() if wanted(route) is None and "{form}" not in route.path}
    assert all("webhooks" in path for path in without), without


@pytest.mark.parametrize("sender", SENDERS)
async def test_a_forged_proof_of_a_sender_is_refused(database_url: str, sender: str) -> None:
    doors = {"grafana_secret": "right", "pagerduty_routing_key": "right"}
    settings = Settings.model_validate({"server": {"webhook_token": "right"}, "doors": doors})
    store = PostgresStore.open(database_url)
    house = front.build_house(settings, store)
    app = create_app(house, access=Access(front.StoredTokens(house), house.ids, settings.server))
    forged = {
        "X-Grafana-Alerting-Signature": "0" * 64,
        "X-Hub-Signature-256": "sha256=" + "0" * 64,
        "Authorization": "Bearer wrong",
    }
    body = json.dumps({"routing_key": "wrong", "event_action": "trigger", "alerts": []})
    transport = httpx.ASGITransport(app, client=STRANGER)
    async with httpx.AsyncClient(transport=transport, base_url="http://wk") as client:
        answer = await client.post(f"/api/v1/webhooks/{sender}", content=body, headers=forged)
    assert answer.status_code in (401, 403), answer.text
    assert await store._rows("select 1 from alerts") == []
    assert await store._rows("select 1 from quarantine") == []
    await store.close()


async def test_sockets_close_on_strangers(walk: Walk) -> None:
    sockets = [
        r.path for r in routes_of(walk.app) if isinstance(r, WebSocketRoute) or type(r).__name__ == "APIWebSocketRoute"
    ]
    assert sockets
    for path in sockets:
        said: list[Any] = []
        scope = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [(b"host", b"wk")],
            "client": STRANGER, "server": ("wk", 80), "scheme": "ws", "subprotocols": [], "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: Any, said: list[Any] = said) -> None:
            said.append(message)

        await walk.app(scope, receive, send)
        assert [m["type"] for m in said] == ["websocket.close"]


async def test_headers_of_every_answer(database_url: str) -> None:
    settings = Settings.model_validate({"server": {"public_url": "https://watch.example"}})
    store = PostgresStore.open(database_url)
    house = front.build_house(settings, store)
    app = create_app(house, access=Access(front.StoredTokens(house), house.ids, settings.server))
    mount(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://wk") as client:
        for path in ("/healthz", "/nowhere", "/api/v1/incidents", "/login", "/static/console.css"):
            headers = (await client.get(path)).headers
            assert headers["strict-transport-security"].startswith("max-age=31536000")
            assert headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers.get("cache-control") == "no-store" or path.startswith("/static")
    await store.close()


async def test_too_much_and_too_often(database_url: str) -> None:
    server = {
        "max_body_bytes": 1000,
        "requests_per_minute": 3,
        "anonymous_per_minute": 2,
        "deliveries_per_minute": 2,
        "webhook_token": "t",
    }
    settings = Settings.model_validate({"server": server})
    store = PostgresStore.open(database_url)
    house = front.build_house(settings, store)
    app = create_app(house, access=Access(front.StoredTokens(house), house.ids, settings.server))

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 100

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://wk") as client:
        chunked = await client.post("/api/v1/webhooks/generic", content=pieces(), headers={"Authorization": "Bearer t"})
        assert chunked.status_code == 413
        stated = await client.post("/api/v1/incidents/analyze", content=b" " * 2000)
        assert stated.status_code == 413
        deliveries = [(await client.post("/api/v1/webhooks/alertmanager", content=b"{}")).status_code for _ in range(2)]
        assert deliveries == [401, 503]
        strangers = [(await client.get("/api/v1/incidents")).status_code for _ in range(3)]
        assert strangers == [401, 401, 429]
        for name in ("ann", "ben"):
            known = {"Authorization": f"Bearer {name}"}
            answers = [await client.get("/api/v1/incidents", headers=known) for _ in range(4)]
            assert [a.status_code for a in answers] == [401, 401, 401, 429]
            assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await client.get("/healthz")).status_code == 200
    await store.close()


async def test_metrics_are_closed_by_a_token(database_url: str) -> None:
    settings = Settings.model_validate({"server": {"metrics_token": "t0ken"}})
    store = PostgresStore.open(database_url)
    house = front.build_house(settings, store)
    app = create_app(house, access=Access(front.StoredTokens(house), house.ids, settings.server))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://wk") as client:
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/metrics", headers={"Authorization": "Bearer t0ken"})).status_code == 200
    await store.close()
