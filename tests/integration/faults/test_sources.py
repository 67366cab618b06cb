"""Servers that are slow, refuse, or answer garbage: the picture is poorer, the incident still moves, nothing is raised."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from pydantic import BaseModel

from integration.faults.notes import note
from tests_support import ALERT, INCIDENT
from watchkeeper import app as front
from watchkeeper.codehosts.hosts.github import GitHub
from watchkeeper.domain.errors import CodeHostError
from watchkeeper.domain.incident import Stage
from watchkeeper.llm.port import Prompt
from watchkeeper.settings import DeliverySettings, Settings
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.port import Scope
from watchkeeper.workflows.advance import advance
from watchkeeper.workflows.ask_model import ask_model
from watchkeeper.workflows.gather import window_of

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def slow(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.Response(text="late")


async def refusing(request: web.Request) -> web.StreamResponse:
    return web.json_response({"error": "forbidden"}, status=403)


async def overloaded(request: web.Request) -> web.StreamResponse:
    return web.Response(text="upstream connect error", status=503)


async def login_page(request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html><form>sign in</form></html>", content_type="text/html")


def shaped(text: str) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type="application/json")

    return answer


FAULTS: dict[str, Answer] = {
    "slow": slow, "refusing": refusing, "overloaded": overloaded, "a login page": login_page, "an empty object": shaped("{}"),
    "success without data": shaped('{"status": "success"}'), "another type": shaped('{"status": "success", "data": {"resultType": "matrix", "result": 3}}'),
    "wrong rows": shaped('{"status": "success", "data": {"resultType": "matrix", "result": [{"stream": 1, "values": [[1]], "metric": {}}]}, "traces": [{}], "items": [3, {"metadata": null}]}'),
    "a list": shaped("[1, 2]"), "half a document": shaped('{"status": "succ'), "not text": shaped("\ufffd\x00\x01"),
}  # fmt: skip


FAST = ("slow", "refusing", "wrong rows")
"""Those that `make test` has time for."""


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("fault", [f if f in FAST else pytest.param(f, marks=pytest.mark.slow) for f in sorted(FAULTS)])
async def test_a_broken_source_only_makes_the_picture_poorer(database_url: str, fault: str) -> None:
    store = PostgresStore.open(database_url)
    async with server(FAULTS[fault]) as url:
        quick = {"url": url, "timeout_seconds": 0.4, "retries": 0}
        settings = Settings.model_validate({
            "sources": {
                "prometheus": quick, "loki": quick, "tempo": quick,
                "kubernetes": {"server": url, "timeout_seconds": 0.4, "retries": 0},
            },
            "evidence": {"settle_seconds": 0},
        })  # fmt: skip
        house = front.build_house(settings, store)
        now = house.clock.now()
        incident = replace(INCIDENT, opened_at=now, onset=now, updated_at=now)
        async with store.transaction() as tx:
            await tx.create_incident(incident)
            await tx.add_alert(replace(ALERT, starts_at=now, received_at=now), incident.id, "first")
        async with asyncio.timeout(60):
            readings = await read_all(
                house.sources, Scope(window_of(house, incident), ("shop",), "checkout", incident.id)
            )
            for _ in range(4):
                await advance(house, incident.id)
        for source, reading in zip(house.sources, readings, strict=True):
            assert reading.missing, (source.name, fault)
        async with store.transaction() as tx:
            moved = await tx.incident(incident.id)
        assert moved.stage in (Stage.DIAGNOSED, Stage.ESCALATED, Stage.PROPOSED, Stage.AWAITING_APPROVAL), moved.stage
        words = {m.reason for r in readings for m in r.missing}
        note(
            f"Prometheus, Loki, Tempo, Kubernetes: {fault}",
            min(words, key=len)[:110].replace(url, "URL"),
            "at the next question",
            0,
            0,
        )
        for source in house.sources:
            await source.close()
    await store.close()


class Said(BaseModel):
    """Whatever shape an answer was to have."""

    text: str


@pytest.mark.parametrize("fault", [f if f in FAST else pytest.param(f, marks=pytest.mark.slow) for f in sorted(FAULTS)])
async def test_a_broken_model_only_leaves_our_own_words(database_url: str, fault: str) -> None:
    store = PostgresStore.open(database_url)
    async with server(FAULTS[fault]) as url:
        llm = {"provider": "openai", "endpoint": f"{url}/v1", "api_key": "k", "timeout_seconds": 0.4}
        settings = Settings.model_validate({"llm": llm, "evidence": {"settle_seconds": 0}})
        house = front.build_house(settings, store)
        assert house.model.name != "offline"
        now = house.clock.now()
        incident = replace(INCIDENT, opened_at=now, onset=now, updated_at=now)
        async with store.transaction() as tx:
            await tx.create_incident(incident)
            await tx.add_alert(replace(ALERT, starts_at=now, received_at=now), incident.id, "first")
        async with asyncio.timeout(60):
            assert await ask_model(house, Prompt("be brief", "why?"), Said, incident_id=incident.id) is None
            for _ in range(4):
                await advance(house, incident.id)
        async with store.transaction() as tx:
            assert (await tx.incident(incident.id)).stage in (Stage.DIAGNOSED, Stage.ESCALATED)
        note(f"model: {fault}", "our own words stand alone; the log says why", "at the next incident", 0, 0)
        await house.model.aclose()
    await store.close()


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_a_broken_code_host_is_an_error_of_ours(fault: str) -> None:
    async with server(FAULTS[fault]) as url:
        host = GitHub(DeliverySettings(url=url, repository="shop/manifests", timeout_seconds=0.4))
        for ask in (host.read_file("a.yaml", "main"), host.list_files("main"), host.checks("abc")):
            with pytest.raises(CodeHostError) as raised:
                await ask
        note(f"GitHub: {fault}", str(raised.value)[:110].replace(url, "URL"), "the step is tried again", 0, 0)
        await host.aclose()
