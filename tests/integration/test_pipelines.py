"""From a webhook to a comment that is edited, for the three CI systems against stand-ins."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest

from ci_stand_ins import SECRET, AzureStandIn, GithubStandIn, JenkinsStandIn, StandIn
from tests_support import NOW
from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.codehosts.ci import azure_pipelines, github_actions, jenkins
from watchkeeper.domain.severity import Role
from watchkeeper.settings import Settings
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.answer import answer
from watchkeeper.workflows.house import House
from watchkeeper.workflows.jobs.review_pipelines import JOB
from watchkeeper.workflows.review_pipeline import review_due

SETTINGS = Settings.model_validate(
    {
        "ci": {
            "github_actions": {"webhook_secret": SECRET, "token": "t"},
            "azure_pipelines": {"webhook_secret": SECRET, "url": "https://dev.azure.com/acme", "project": "shop", "token": "t"},
            "jenkins": {"webhook_token": SECRET, "url": "https://jenkins.example.com", "user": "u", "token": "t", "repository": "acme/shop"},
            "services": {"acme/shop": "cart"},
        }
    }
)  # fmt: skip


@dataclass
class Place:
    house: House
    client: httpx.AsyncClient
    github: GithubStandIn
    azure: AzureStandIn
    jenkins: JenkinsStandIn
    headers: dict[str, str]
    clock: ManualClock

    def stand_in(self, system: str) -> StandIn:
        return {"github_actions": self.github, "azure_pipelines": self.azure, "jenkins": self.jenkins}[system]

    def said(self, system: str) -> list[str]:
        """Comments on the pull request as people see them."""
        if system == "azure_pipelines":
            return [t["comments"][0]["content"] for t in self.azure.comments if not t["threadContext"]]
        return [str(c["body"]) for c in self.github.comments]

    async def deliver(self, system: str, delivery: str = "d1") -> httpx.Response:
        headers, body = self.stand_in(system).webhook(delivery)  # type: ignore[attr-defined]
        return await self.client.post(f"/api/v1/pipelines/webhooks/{system}", content=body, headers=headers)

    async def runs(self) -> list[dict[str, object]]:
        answer = await self.client.get("/api/v1/pipelines", headers=self.headers)
        return list(answer.json()["items"])


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    store, clock = PostgresStore.open(database_url), ManualClock(NOW + timedelta(hours=1))
    github, azure, other = GithubStandIn(), AzureStandIn(), JenkinsStandIn()
    ci = {
        "github_actions": github_actions.build(SETTINGS.ci.github_actions, github.transport),
        "azure_pipelines": azure_pipelines.build(SETTINGS.ci.azure_pipelines, azure.transport),
        "jenkins": jenkins.build(SETTINGS.ci.jenkins, other.transport),
    }
    house = replace(front.build_house(SETTINGS, store), clock=clock, ci=ci)
    access = Access(front.StoredTokens(house), house.ids, SETTINGS.server)
    app = create_app(house, access=access)
    headers = {"Authorization": f"Bearer {await access.issue('a viewer', Role.VIEWER)}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://watch") as client:
        yield Place(house, client, github, azure, other, headers, clock)
    for system in ci.values():
        await system.aclose()
    await store.close()


SYSTEMS = ["github_actions", "azure_pipelines", "jenkins"]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_from_webhook_to_a_comment_that_is_edited(place: Place, system: str) -> None:
    assert (await place.deliver(system)).json() == {"accepted": True, "duplicate": False}
    assert (await place.deliver(system)).json() == {"accepted": True, "duplicate": True}
    assert await review_due(place.house) == 1
    assert await review_due(place.house) == 0
    (said,) = place.said(system)
    assert "**lint**" in said
    assert "src/cart.py:7: error" in said
    assert "a thing that is always there" not in said  # the last green run has it too
    assert "cart.test_total" in said  # the test report names it
    assert "1 is not 2" in said
    assert "``" in said  # what mentions everyone stands as code
    (run,) = await place.runs()
    assert (run["category"], run["state"], run["pull_request"]) == ("lint", "failed", 9)
    whole = (await place.client.get(f"/api/v1/pipelines/{run['id']}", headers=place.headers)).json()
    assert whole["jobs"][0]["findings"][0]["line"] == 5
    assert whole["changed"] == ["src/cart.py"]
    assert [(t["name"], t["seconds"]) for t in whole["tests"]] == [("cart.test_total", 0.5)]

    place.stand_in(system).passes = True
    place.stand_in(system).attempt = 2
    if system == "jenkins":
        place.stand_in(system).run_id = 8
    await place.deliver(system, "d2")
    await review_due(place.house)
    (edited,) = place.said(system)
    assert "passes again" in edited
    by_state = {r["state"]: r for r in await place.runs()}
    assert by_state["failed"]["flaky"] is True  # the same commit passed when run again
    statistics = (await place.client.get("/api/v1/pipelines/statistics", headers=place.headers)).json()
    assert statistics["causes"][0]["category"] == "lint"
    assert statistics["flaky"][0]["failures"] == 1
    assert statistics["time_lost"][0]["seconds"] == 240


async def test_a_check_run_puts_the_words_on_the_line(place: Place) -> None:
    await place.deliver("github_actions")
    await review_due(place.house)
    assert '"path":"src/cart.py"' in place.github.posts[0].replace(" ", "")
    assert '"start_line":7' in place.github.posts[0].replace(" ", "")


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_wrong_secret_opens_nothing(place: Place, system: str) -> None:
    headers, body = place.stand_in(system).webhook()  # type: ignore[attr-defined]
    for wrong in ({k: v + "0" for k, v in headers.items()}, {}):
        answer = await place.client.post(f"/api/v1/pipelines/webhooks/{system}", content=body, headers=wrong)
        assert answer.status_code == 401
    assert await review_due(place.house) == 0


async def test_what_is_no_event_of_ours_is_refused_or_left(place: Place) -> None:
    post = place.client.post
    assert (await post("/api/v1/pipelines/webhooks/nobody", content=b"{}")).status_code == 404
    bad = await post(
        "/api/v1/pipelines/webhooks/jenkins",
        content=b'{"name": "a/../b", "build": {"number": 1, "phase": "FINALIZED"}}',
        headers={"x-watchkeeper-token": SECRET},
    )
    assert bad.status_code == 422
    started = await post(
        "/api/v1/pipelines/webhooks/azure_pipelines",
        content=b'{"eventType": "build.started"}',
        headers={"x-watchkeeper-secret": SECRET},
    )
    assert started.json()["accepted"] is False


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_test_report_tells_what_an_expired_log_cannot(place: Place, system: str) -> None:
    place.stand_in(system).expired = True
    await place.deliver(system)
    await review_due(place.house)
    (run,) = await place.runs()
    assert (run["category"], run["template"]) == ("test", "cart.test_total")
    assert "The log is gone" in place.said(system)[0]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_an_expired_log_is_said_not_guessed(place: Place, system: str) -> None:
    place.stand_in(system).expired = True
    place.stand_in(system).reports = False
    await place.deliver(system)
    await review_due(place.house)
    (run,) = await place.runs()
    assert run["category"] == ""
    assert "is gone" in place.said(system)[0]


async def test_a_failed_deploy_opens_an_incident_and_a_passing_one_ends_it(place: Place) -> None:
    place.github.name, place.github.event = "Deploy to production", "push"
    await place.deliver("github_actions")
    await review_due(place.house)
    (incident,) = (await place.house.store.list_incidents()).items
    assert incident.service == "cart"
    async with place.house.store.transaction() as tx:
        changes = await tx.changes(NOW, NOW + timedelta(hours=2))
    assert [(c.kind, c.service) for c in changes] == [("release", "cart")]
    place.github.passes, place.github.attempt = True, 2
    await place.deliver("github_actions", "d2")
    await review_due(place.house)
    async with place.house.store.transaction() as tx:
        alerts = await tx.alerts_of(incident.id)
    assert [str(a.alert.status) for a in alerts] == ["resolved"]


async def test_a_server_that_falls_is_asked_again_later(place: Place) -> None:
    async def down(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503, headers={"retry-after": "3600"})

    ci = {"github_actions": github_actions.build(SETTINGS.ci.github_actions, httpx.MockTransport(down))}
    await place.deliver("github_actions")
    await review_due(replace(place.house, ci=ci))
    assert await place.runs() == []
    place.clock.advance(minutes=5)
    await review_due(place.house)
    assert len(await place.runs()) == 1
    assert JOB.seconds(SETTINGS) == 5


async def test_a_plain_question_is_told_why_the_build_broke(place: Place) -> None:
    async def told(words: str) -> str:
        return (await answer(place.house, words)).text

    assert "No run of a pipeline" in await told("why did the build fail?")
    await place.deliver("github_actions")
    await review_due(place.house)
    why = await told("why did the build fail?")
    assert "build on topic failed" in why
    assert "line 5: src/cart.py:7: error" in why
    assert "failed test: cart.test_total" in why
    assert "1 run failed today" in await told("which pipelines failed today?")
    assert "1 pipeline of 1 failed at last" in await told("is ci green?")
    assert "None of 1 failure" in await told("any flaky tests?")
    assert "took 4 min" in await told("how much time did we lose to failed builds?")
    place.github.passes, place.github.attempt = True, 2
    await place.deliver("github_actions", "d2")
    await review_due(place.house)
    assert "All 1 passed at last" in await told("are the builds green?")
    assert "1 of 1 failures" in await told("any flaky tests this week?")
