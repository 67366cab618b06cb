"""While we repair a service, what our own scanner sees of it belongs to that repair, and our own change is no suspect of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests_support import ALERT, NOW
from watchkeeper import app as front
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.evidence import Change, Origin
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.remediation import BlastRadius, FieldChange, NeedsApproval, Plan, Risk
from watchkeeper.domain.severity import Severity
from watchkeeper.domain.sighting import Departure, Sighting, SightingKind
from watchkeeper.domain.topology import Workload
from watchkeeper.settings import Settings
from watchkeeper.store.port import PlanState
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.gather import gather
from watchkeeper.workflows.house import House
from watchkeeper.workflows.own_changes import with_ours
from watchkeeper.workflows.receive_alerts import receive_alerts
from watchkeeper.workflows.sightings import alert_of

MERGED, DEPLOYED = NOW + timedelta(minutes=40), NOW + timedelta(minutes=42)
ROLLOUT = Change(
    "uid-2", NOW + timedelta(minutes=41), "config", "pay", "pay: the same image, another template",
    origin=Origin.CONTROL_PLANE, details={"revision": "3"},
)  # fmt: skip


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    store = PostgresStore.open(database_url)
    yield replace(front.build_house(Settings(), store), clock=ManualClock(NOW))
    await store.close()


def seen(service: str, minutes: float = 41) -> Sighting:
    at = NOW.timestamp() + 60 * minutes
    went = {"latency-95": Departure("latency-95", at, 0.2, 0.8)}
    return Sighting(service, "shop", SightingKind.DEPARTURE, at, at + 60, went, opens=True, because="two signals")


async def under_repair(house: House, stage: Stage = Stage.VERIFYING) -> Incident:
    """`checkout` alerts, `pay` behind it is repaired, `web` calls `pay`."""
    receipt = await receive_alerts(house, [ALERT])
    plan = Plan(
        id="plan-1", incident_id=receipt.incidents[0], action="raise_pool_size", target=Workload("shop", "Deployment", "pay"),
        environment="staging", severity=Severity.HIGH, arguments={}, because="it is full", evidence_ids=(), evidence_digest="",
        confidence=0.9, independent_signals=2, trusted_signals=1, repository="shop/manifests", base_branch="main", edits=(),
        fields=(FieldChange("spec.template.spec.containers[name=pay].env[name=POOL].value", "10", "20"),),
        blast_radius=BlastRadius((), 2, ("web",), "2 pods."), risk=Risk.LOW, reversible=True, checks_before=(),
        checks_after=(), undo=(), undo_words="", manual_commands=(), created_at=NOW, expires_at=NOW + timedelta(hours=1),
    ).sealed()  # fmt: skip
    facts = {
        "merge_sha": "abc123",
        "merged_at": MERGED.isoformat(),
        "deployed_at": DEPLOYED.isoformat(),
    }
    async with house.store.transaction() as tx:
        await tx.save_plan(plan, NeedsApproval(("configured",)))
        await tx.set_plan(plan.id, PlanState.APPLIED, facts)
        return await tx.save_incident(replace(await tx.incident(plan.incident_id), stage=stage, cause_service="pay"))


@pytest.mark.parametrize("stage", [Stage.APPLYING, Stage.VERIFYING, Stage.ROLLING_BACK])
@pytest.mark.parametrize("service", ["checkout", "pay", "web"])
async def test_a_sighting_of_what_is_repaired_joins_the_repair(house: House, stage: Stage, service: str) -> None:
    incident = await under_repair(house, stage)
    told = alert_of(seen(service), house.clock.now())
    assert (await receive_alerts(house, [told])).incidents == (incident.id,)
    async with house.store.transaction() as tx:
        assert (await tx.incident(incident.id)).stage is stage
        lines = [e.text for e in await tx.events(incident.id) if e.kind == "alert.joined"]
    assert lines == [f"SignalsDepart: seen while a repair that {service} notices is under way"]


async def test_others_stay_apart_and_so_does_everything_once_the_repair_is_over(house: House) -> None:
    incident = await under_repair(house)
    late = {"starts_at": NOW + timedelta(minutes=41)}
    elsewhere = alert_of(seen("mail"), house.clock.now())
    theirs = replace(ALERT, fingerprint="other", name="PodsCrash", labels={**ALERT.labels, "app": "pay"}, **late)
    for alert in (elsewhere, theirs):
        assert incident.id not in (await receive_alerts(house, [alert])).incidents
    async with house.store.transaction() as tx:
        await tx.save_incident(replace(await tx.incident(incident.id), stage=Stage.RESOLVED, resolved_at=NOW))
    assert (
        incident.id not in (await receive_alerts(house, [alert_of(seen("checkout", 55), house.clock.now())])).incidents
    )


async def test_our_own_change_is_shown_as_ours_and_stays_a_suspect_elsewhere(house: House) -> None:
    incident = await under_repair(house)
    someone = replace(ROLLOUT, id="uid-3", at=DEPLOYED + timedelta(minutes=5))
    released = replace(ROLLOUT, id="uid-4", kind="release")
    marked = await with_ours(house, incident.namespace, [ROLLOUT, someone, released], incident.id)
    assert [c.repairs for c in marked] == [incident.id, "", ""]
    assert (marked[0].author, marked[0].words) == (
        "watchkeeper",
        f"{ROLLOUT.summary} (by Watchkeeper, for {incident.id})",
    )
    elsewhere = await with_ours(house, incident.namespace, [ROLLOUT])
    assert elsewhere[0].repairs == incident.id


async def test_the_merge_of_our_pull_request_is_ours_by_its_commit(house: House) -> None:
    incident = await under_repair(house)
    merge = Change("m", NOW + timedelta(minutes=1), "pipeline", "manifests", "merged abc123", details={"sha": "abc123"})
    async with house.store.transaction() as tx:
        await tx.add_change(merge)
    house.clock.advance(minutes=45)  # type: ignore[attr-defined]
    evidence = await gather(house, incident, [ALERT])
    assert (evidence.incident_id, [c.repairs for c in evidence.changes]) == (incident.id, [incident.id])
    assert "by Watchkeeper" in diagnose(evidence).root_cause
