"""The HTTP doors on a real database: alerts in, problems, roles, decisions, the specification's answers, the console."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests_support import INCIDENT, NOW
from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.console.routes import mount
from watchkeeper.domain.diagnosis import Diagnosis, Sentence
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.remediation import BlastRadius, FieldChange, FileEdit, NeedsApproval, Plan, Risk
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.domain.topology import Workload
from watchkeeper.settings import Settings
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from wire import recording

HOSTILE = "<script>alert(1)</script> \u202e \x1b[31m"
FIRING = "alertmanager/webhook_firing_group_first"
MIXED = "alertmanager/webhook_mixed_firing_resolved"


@dataclass
class Door:
    client: httpx.AsyncClient
    store: PostgresStore
    access: Access
    clock: ManualClock

    async def token(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.access.issue(f'a {role}', role)}"}

    async def deliver(self, body: Any) -> httpx.Response:
        return await self.client.post(
            "/api/v1/webhooks/alertmanager", content=body if isinstance(body, bytes) else json.dumps(body)
        )


@pytest.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    async for made in _door(database_url, Settings.model_validate({"server": {"max_body_bytes": 200_000}})):
        yield made


async def _door(database_url: str, settings: Settings) -> AsyncIterator[Door]:
    store = PostgresStore.open(database_url)
    clock = ManualClock(NOW)
    house = replace(front.build_house(settings, store), clock=clock)
    access = Access(front.StoredTokens(house), house.ids, settings.server)
    app = create_app(house, access=access)
    mount(app)
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://watch") as client:
        yield Door(client, store, access, clock)
    await store.close()


def body_of(name: str) -> dict[str, Any]:
    return dict(recording(name)["request"]["body"])


async def test_a_recorded_delivery_opens_one_incident_and_a_repetition_changes_nothing(door: Door) -> None:
    first = await door.deliver(body_of(FIRING))
    assert first.status_code == 202
    assert first.json()["accepted"] >= 1
    again = await door.deliver(body_of(FIRING))
    assert (again.status_code, again.json()["accepted"]) == (202, 0)
    assert again.json()["duplicates"] == first.json()["accepted"]
    jobs = await door.store._rows("select queueing_lock from procrastinate_jobs where status = 'todo'")
    assert sorted(j["queueing_lock"] for j in jobs) == sorted(first.json()["incidents"])


@pytest.mark.parametrize("name", [MIXED, "alertmanager/webhook_truncated", "alertmanager/webhook_resolved_group"])
async def test_every_recorded_body_is_taken_in(door: Door, name: str) -> None:
    answer = await door.deliver(body_of(name))
    assert answer.status_code == 202, answer.text
    firing = sum(a["status"] == "firing" for a in body_of(name)["alerts"])
    page = await door.store.list_alerts()
    assert sum(s.alert.status == "firing" for s in page.items) == firing
    assert all(s.alert.ends_at is None for s in page.items if s.alert.status == "firing")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda b: b.pop("version"), "version"),
        (lambda b: b.update(version="3"), "version"),
        (lambda b: b["alerts"][0].pop("startsAt"), "alerts[0].startsAt"),
        (lambda b: b["alerts"][0]["labels"].update(app={"a": 1}), "alerts[0].labels.app"),
    ],
)
async def test_a_malformed_body_names_its_field_and_is_kept_redacted(door: Door, change: Any, field: str) -> None:
    body = body_of(FIRING)
    body["note"] = "password=hunter22"
    change(body)
    answer = await door.deliver(body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    kept = await door.client.get("/api/v1/quarantine", headers=await door.token(Role.ADMIN))
    assert field in kept.json()["items"][0]["problem"] or kept.json()["items"][0]["problem"]
    assert "hunter22" not in kept.text
    assert (await door.client.get("/api/v1/quarantine", headers=await door.token(Role.APPROVER))).status_code == 403


async def test_not_json_and_unknown_senders_are_problems(door: Door) -> None:
    assert (await door.deliver(b"\xff{")).status_code == 422
    assert (await door.client.post("/api/v1/webhooks/nobody", content="{}")).status_code == 404


async def test_not_stored_is_503_so_that_the_sender_tries_again(door: Door) -> None:
    await door.store.close()
    gone = PostgresStore.open("postgresql://nobody@127.0.0.1:1/none")
    door.store._engine = gone._engine
    answer = await door.deliver(body_of(FIRING))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_a_webhook_token_is_asked_for_when_it_is_set(database_url: str) -> None:
    async for door in _door(database_url, Settings.model_validate({"server": {"webhook_token": "s3cret-token"}})):
        assert (await door.deliver(body_of(FIRING))).status_code == 401
        good = {"Authorization": "Bearer s3cret-token"}
        answer = await door.client.post("/api/v1/webhooks/alertmanager", json=body_of(FIRING), headers=good)
        assert answer.status_code == 202


async def test_nothing_is_open_without_a_token_and_roles_hold(door: Door) -> None:
    for path in ("/api/v1/incidents", "/api/v1/audit", "/api/v1/predict/anomalies?service=a"):
        assert (await door.client.get(path)).status_code == 401
    viewer = await door.token(Role.VIEWER)
    assert (await door.client.get("/api/v1/incidents", headers=viewer)).status_code == 200
    assert (await door.client.post("/api/v1/chat/query", json={"query": "x"}, headers=viewer)).status_code == 403
    assert (await door.client.get("/api/v1/audit", headers=viewer)).status_code == 403
    assert (await door.client.get("/api/v1/incidents", headers={"Authorization": "Bearer wk_wrong"})).status_code == 401
    rows = await door.store._rows("select secret_hash from tokens")
    assert all("wk_" not in r["secret_hash"] and len(r["secret_hash"]) == 64 for r in rows)
    door.clock.advance(days=91)
    assert (await door.client.get("/api/v1/incidents", headers=viewer)).status_code == 401


async def test_analyze_answers_as_the_specification_says(door: Door) -> None:
    at = NOW.timestamp()
    points = [[at + t, 20 + t % 3 + (75 if t >= 0 else 0)] for t in range(-600, 120, 15)]
    body = {
        "incident_id": "INC-2024-001", "timestamp": NOW.isoformat(), "metrics": {"order": {"cpu-rate": points}}, "logs": [], "traces": [],
        "topology": [["web", "order"]], "alert": {"service": "web"},
    }  # fmt: skip
    answer = await door.client.post("/api/v1/incidents/analyze", json=body, headers=await door.token(Role.RESPONDER))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert list(said) == ["incident_id", "root_cause", "severity", "confidence", "recommended_fix", "generated_code"]
    assert said["incident_id"] == "INC-2024-001"
    assert "order" in said["root_cause"]
    assert said["recommended_fix"]["type"] == "scale_out"
    bad = {**body, "logs": {"wrong": [1]}}
    problem = await door.client.post("/api/v1/incidents/analyze", json=bad, headers=await door.token(Role.RESPONDER))
    assert (problem.status_code, problem.json()["field"]) == (422, "logs")


async def test_predict_and_chat_answer_truthfully_without_sources(door: Door) -> None:
    viewer, responder = await door.token(Role.VIEWER), await door.token(Role.RESPONDER)
    said = await door.client.get("/api/v1/predict/anomalies?service=payment-api&window=1h", headers=viewer)
    assert said.json()["anomalies"] == []
    assert (await door.client.get("/api/v1/predict/anomalies?service=a&window=soon", headers=viewer)).status_code == 422
    query = {"query": "Show me CPU usage for all services in the last hour", "context": "production"}
    chat = await door.client.post("/api/v1/chat/query", json=query, headers=responder)
    assert "No metrics source is configured" in chat.json()["response"]


async def planned(door: Door, because: str = "pool is empty") -> Plan:
    """An incident whose plan waits for a person."""
    plan = Plan(
        id="plan-1", incident_id=INCIDENT.id, action="scale_out", target=Workload("shop", "Deployment", "checkout"), environment="staging",
        severity=Severity.CRITICAL, arguments={"replicas": 3}, because=because, evidence_ids=("E1",), evidence_digest="d", confidence=0.9,
        independent_signals=2, trusted_signals=1, repository="shop/manifests", base_branch="main",
        edits=(FileEdit("apps/checkout.yaml", "replicas: 2\n", "replicas: 3\n"),), fields=(FieldChange("spec.replicas", 2, 3),),
        blast_radius=BlastRadius(("shop/Deployment/checkout",), 2, (), "2 pods"), risk=Risk.LOW, reversible=True, checks_before=(),
        checks_after=(), undo=(FileEdit("apps/checkout.yaml", "replicas: 3\n", "replicas: 2\n"),), undo_words="scale back",
        manual_commands=("kubectl …",), created_at=NOW, expires_at=NOW + timedelta(minutes=30),
    ).sealed()  # fmt: skip
    async with door.store.transaction() as tx:
        await tx.create_incident(replace(INCIDENT, stage=Stage.AWAITING_APPROVAL, title=HOSTILE))
        await tx.save_diagnosis(INCIDENT.id, Diagnosis((), (Sentence(HOSTILE, ("E1",)),)), NOW)
        await tx.save_plan(plan, NeedsApproval(("configured",)))
        await tx.add_event(INCIDENT.id, "incident.opened", HOSTILE, NOW)
    return plan


async def test_a_decision_binds_to_the_digest_and_saying_it_twice_acts_once(door: Door) -> None:
    plan = await planned(door)
    path, approver = f"/api/v1/plans/{plan.id}/approve", await door.token(Role.APPROVER)
    assert (
        await door.client.post(path, json={"digest": plan.digest}, headers=await door.token(Role.RESPONDER))
    ).status_code == 403
    assert (await door.client.post(path, json={"digest": "0"}, headers=approver)).status_code == 409
    answers = await asyncio.gather(
        *(door.client.post(path, json={"digest": plan.digest}, headers=approver) for _ in range(4))
    )
    assert {a.status_code for a in answers} == {200}
    async with door.store.transaction() as tx:
        assert len(await tx.approvals_of(plan.id)) == 1
    late = await door.client.post(f"/api/v1/plans/{plan.id}/reject", json={"digest": plan.digest}, headers=approver)
    assert late.status_code == 409
    verified = await door.client.get("/api/v1/audit/verify", headers=await door.token(Role.ADMIN))
    assert verified.json()["whole"] is True


async def test_a_person_closes_what_a_person_took_over_and_nothing_else(door: Door) -> None:
    await planned(door)
    path, responder = f"/api/v1/incidents/{INCIDENT.id}/resolve", await door.token(Role.RESPONDER)
    assert (await door.client.post(path, json={}, headers=await door.token(Role.VIEWER))).status_code == 403
    busy = await door.client.post(path, json={}, headers=responder)
    assert (busy.status_code, busy.json()["detail"]) == (409, "the incident is awaiting approval")
    async with door.store.transaction() as tx:
        await tx.save_incident(replace(await tx.incident(INCIDENT.id), stage=Stage.ESCALATED))
    for _ in range(2):
        closed = await door.client.post(path, json={"reason": "disk replaced"}, headers=responder)
        assert (closed.status_code, closed.json()["stage"]) == (200, "resolved")
    async with door.store.transaction() as tx:
        said = [e.text for e in await tx.events(INCIDENT.id) if e.kind == "incident.resolved"]
    assert said == ["a responder closed it by api: disk replaced"]


async def test_too_late_is_too_late(door: Door) -> None:
    plan = await planned(door)
    door.clock.advance(minutes=31)
    answer = await door.client.post(
        f"/api/v1/plans/{plan.id}/approve", json={"digest": plan.digest}, headers=await door.token(Role.APPROVER)
    )
    assert answer.status_code == 409
    assert "time to decide is over" in answer.json()["detail"]


async def test_the_console_shows_hostile_text_and_obeys_none_of_it(door: Door) -> None:
    plan = await planned(door, because=HOSTILE)
    assert (await door.client.get("/")).headers["location"] == "/login?next=/"
    signed = await door.client.post("/login", data={"token": await door.access.issue("ann", Role.APPROVER)})
    assert "HttpOnly" in signed.headers["set-cookie"]
    for path in ("/", f"/incidents/{INCIDENT.id}"):
        page = await door.client.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text
        assert "\u202e" not in page.text
        assert "\x1b" not in page.text
        assert "default-src 'self'" in page.headers["content-security-policy"]
    key = page.text.split('action="/do/decide/')[1].split('name="key" value="')[1].split('"')[0]
    forged = await door.client.post(
        f"/do/decide/{plan.id}", data={"digest": plan.digest, "key": "x", "word": "approve"}
    )
    assert forged.status_code == 403
    async with door.store.transaction() as tx:
        assert await tx.approvals_of(plan.id) == []
    good = await door.client.post(
        f"/do/decide/{plan.id}", data={"digest": plan.digest, "key": key, "word": "approve", "reason": "fine"}
    )
    assert good.status_code == 303
    async with door.store.transaction() as tx:
        [said] = await tx.approvals_of(plan.id)
    assert (said.by, said.door, said.reason) == ("ann", "console", "fine")


async def test_pages_of_a_list_follow_each_other(door: Door) -> None:
    async with door.store.transaction() as tx:
        for n in range(5):
            await tx.create_incident(replace(INCIDENT, id=f"inc-{n}", opened_at=NOW + timedelta(seconds=n)))
    viewer, seen, cursor = await door.token(Role.VIEWER), [], ""
    while True:
        page = (
            await door.client.get("/api/v1/incidents", params={"limit": 2, "cursor": cursor}, headers=viewer)
        ).json()
        seen += [i["id"] for i in page["items"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert seen == [f"inc-{n}" for n in reversed(range(5))]
    assert (await door.client.get("/api/v1/incidents?cursor=nonsense", headers=viewer)).status_code == 422


async def test_health_metrics_schema_and_reference(door: Door) -> None:
    assert (await door.client.get("/healthz")).text == "ok"
    assert (await door.client.get("/readyz")).status_code == 200
    assert "aiops_remediation_success_total" in (await door.client.get("/metrics")).text
    schema = (await door.client.get("/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")
    reference = (await door.client.get("/docs")).text
    assert all(
        path in reference for path in ("/api/v1/incidents/analyze", "/api/v1/predict/anomalies", "/api/v1/chat/query")
    )
    assert "<script" not in reference
    assert (await door.client.post("/api/v1/changes", content=b"x" * 300_000)).status_code == 413


async def test_the_live_feed_tells_what_is_committed(door: Door) -> None:
    heard: list[str] = []

    async def listen() -> None:
        async for event in door.store.listen():
            heard.append(event.kind)
            return

    task = asyncio.create_task(listen())
    await planned(door)
    # What is told before the listener listens is on the timeline only: tell until it hears.
    for _ in range(40):
        async with door.store.transaction() as tx:
            await tx.add_event(INCIDENT.id, "person.noted", "still there", NOW)
        done, _ = await asyncio.wait({task}, timeout=0.5)
        if done:
            break
    assert heard == ["person.noted"] or heard == ["incident.opened"]
