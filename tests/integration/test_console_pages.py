"""Pages with a lot stored stay small; every page says what is empty, and none fails when a source is down."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from integration.store.test_moving import PLAN
from tests_support import INCIDENT
from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.bench import console
from watchkeeper.console.pages.incident import pictured
from watchkeeper.console.routes import mount
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.remediation import NeedsApproval
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugins
from watchkeeper.store.port import PlanState
from watchkeeper.store.ports.conversation import Exchange
from watchkeeper.store.postgres import PostgresStore

KILOBYTES = 150


@pytest.fixture
async def visitor(database_url: str) -> AsyncIterator[tuple[httpx.AsyncClient, PostgresStore]]:
    """On the loopback, where the demo asks for no login; every source refuses."""
    store = PostgresStore.open(database_url)
    sources = {"prometheus": {"url": "http://127.0.0.1:9"}, "loki": {"url": "http://127.0.0.1:9"}}
    settings = Settings.model_validate({"server": {"loopback_without_login": True}, "sources": sources})
    house = front.build_house(settings, store)
    doors = create_app(house, access=Access(front.StoredTokens(house), house.ids, settings.server))
    mount(doors)
    transport = httpx.ASGITransport(doors, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://console", timeout=60) as client:
        yield client, store
    for source in house.sources:
        await source.close()
    await store.close()


async def test_pages_stay_small_in_years_of_incidents_and_in_a_storm(
    visitor: tuple[httpx.AsyncClient, PostgresStore], database_url: str
) -> None:
    client, store = visitor
    await console.fill(store, database_url, incidents=300, storm=1500)
    for path in (
        "/",
        "/incidents",
        "/alerts",
        "/approvals",
        f"/incidents/{console.TEMPLATE}",
        f"/incidents/{console.STORMY}",
    ):
        page = await client.get(path)
        assert page.status_code == 200, path
        assert len(page.content) <= KILOBYTES * 1000, (path, len(page.content))
    stormy = (await client.get(f"/incidents/{console.STORMY}")).text
    assert "Alerts (1500)" in stormy
    assert "1300 earlier lines are not shown" in stormy


async def test_every_page_speaks_when_nothing_is_stored_and_nothing_answers(
    visitor: tuple[httpx.AsyncClient, PostgresStore],
) -> None:
    client, _ = visitor
    for name, page in plugins("watchkeeper.console.pages", "PAGE").items():
        path = re.sub(r"\{[^}]*\}", "nothing-of-that-name", page.path)
        answer = await client.get(path)
        assert answer.status_code == (404 if "{" in page.path else 200), (name, answer.text[-600:])
        assert "<h1>" in answer.text, name
    searched = (await client.get("/logs", params={"q": "refused"})).text
    assert "Could not see" in searched
    assert (await client.get("/logs", params={"q": "refused", "span": "<b>"})).status_code == 200
    asked = await client.get("/ask", params={"q": "is checkout healthy?", "zone": "No/Where"})
    assert (asked.status_code, "no time zone named" in asked.text) == (200, True)
    assert "cannot" in (await client.get("/ask", params={"q": "show me CPU usage for all services"})).text.lower()


async def test_what_people_type_is_never_markup(visitor: tuple[httpx.AsyncClient, PostgresStore]) -> None:
    client, _ = visitor
    hostile = '"><script>alert(1)</script>\u202e'
    for path in ("/logs", "/knowledge", "/ask", "/alerts", "/forecasts", "/pipelines"):
        for name in ("q", "service", "namespace", "repository", "state", "incident", "span", "before"):
            if (path, name) == ("/ask", "incident"):
                continue
            text = (await client.get(path, params={name: hostile})).text
            assert "<script>alert" not in text, (path, name)
            assert "\u202e" not in text, (path, name)


async def test_a_question_about_an_incident_is_answered_and_kept_on_its_page(
    visitor: tuple[httpx.AsyncClient, PostgresStore],
) -> None:
    client, store = visitor
    async with store.transaction() as tx:
        await tx.create_incident(INCIDENT)
    page, door = f"/incidents/{INCIDENT.id}", f"/do/ask/{INCIDENT.id}"
    first = (await client.get(page)).text
    assert "Nobody has asked about it yet" in first
    key = re.search(rf'action="{door}"><input type="hidden" name="key" value="([^"]+)"', first)
    assert key is not None
    words = "why did this happen?"
    asked = await client.post(door, data={"key": key[1], "words": words, "zone": "Europe/Berlin"})
    assert (asked.status_code, asked.headers["location"]) == (303, f"{page}#conversation")
    await client.post(door, data={"key": key[1], "words": "<b>token=hunter2hunter2</b> is bold"})
    shown = (await client.get(page)).text
    assert "&lt;b&gt;token=" in shown
    assert "hunter2" not in shown
    kept = (await client.get(f"/api/v1{page}/conversation")).json()
    assert (kept["total"], kept["items"][0]["door"]) == (2, "console")
    assert INCIDENT.id in kept["items"][0]["response"] or INCIDENT.title in kept["items"][0]["response"]
    assert (await client.post(door, data={"key": "forged", "words": "who?"})).status_code == 403
    assert (await client.post(door, data={"key": key[1], "words": " "})).status_code == 409
    body = {"query": "which incidents are open?", "incident_id": INCIDENT.id}
    assert INCIDENT.title in (await client.post("/api/v1/chat/query", json=body)).json()["response"]
    assert (await client.post("/api/v1/chat/query", json=body | {"incident_id": "inc-none"})).status_code == 404
    assert (await client.get(f"/api/v1{page}/conversation")).json()["total"] == 3


async def test_the_audit_shows_the_newest_first_and_leads_back(
    visitor: tuple[httpx.AsyncClient, PostgresStore],
) -> None:
    client, store = visitor
    async with store.transaction() as tx:
        for number in range(1, 251):
            await tx.audit("ann", f"act.{number:03}", "x", {}, INCIDENT.opened_at)

    async def shown(query: str) -> tuple[list[str], list[str]]:
        text = (await client.get(f"/audit{query}")).text
        return re.findall(r"act\.(\d+)", text), re.findall(r'"/audit(\?until=\d+)"', text)

    first, links = await shown("")
    assert (first[0], first[-1], links) == ("250", "151", ["?until=150"])
    middle, links = await shown("?until=150")
    assert (middle[0], middle[-1], links) == ("150", "051", ["?until=250", "?until=50"])
    assert (await shown("?until=50"))[0][-1] == "001"


async def test_settings_that_are_as_ever_do_not_stand_among_those_that_differ(
    visitor: tuple[httpx.AsyncClient, PostgresStore],
) -> None:
    client, _ = visitor
    differing = (await client.get("/settings")).text.split("All keys")[0]
    assert re.findall(r"<tr><td><code>([a-z_.]+)", differing) == [
        "sources.prometheus.url", "sources.loki.url", "server.loopback_without_login",
    ]  # fmt: skip


async def test_what_waits_for_a_word_stands_among_the_approvals(
    visitor: tuple[httpx.AsyncClient, PostgresStore],
) -> None:
    client, store = visitor
    later = replace(PLAN, id="plan-2", because="the newer one", created_at=PLAN.created_at + timedelta(minutes=1))
    async with store.transaction() as tx:
        await tx.create_incident(replace(INCIDENT, stage=Stage.AWAITING_APPROVAL))
        for plan in (PLAN, later.sealed()):
            await tx.save_plan(plan, NeedsApproval(("configured",)))
    text = (await client.get("/approvals")).text
    assert text.count("/do/decide/") == 1
    assert "the newer one" in text
    async with store.transaction() as tx:
        await tx.set_plan("plan-2", PlanState.REJECTED)
        await tx.set_plan(PLAN.id, PlanState.REJECTED)
    assert "/do/decide/" not in (await client.get("/approvals")).text


def test_pictures_of_a_long_conversation_are_the_newest_that_fit() -> None:
    said = [Exchange("i", INCIDENT.opened_at, "ann", "api", str(n), "", picture="x" * 14_000) for n in range(4)]
    assert [bool(picture) for _, picture in pictured(said)] == [False, False, True, True]
