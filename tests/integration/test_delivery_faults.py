"""Carrying a plan out when the world does not wait: lost answers, moved bases, refused merges, people who step in."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.faults.notes import note
from tests_support import ALERT, INCIDENT, NOW
from watchkeeper import app as front
from watchkeeper.codehosts.hosts.github import GitHub as Host
from watchkeeper.domain.alert import AlertStatus
from watchkeeper.domain.errors import CodeHostUnavailable
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.remediation import (
    Approval,
    BlastRadius,
    Check,
    Decision,
    FieldChange,
    FileEdit,
    NeedsApproval,
    Plan,
    Risk,
)
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.domain.topology import Workload
from watchkeeper.settings import DeliverySettings, Settings
from watchkeeper.simulate.delivery.github import GitHub
from watchkeeper.simulate.delivery.repository import GitRepository
from watchkeeper.store.port import PlanState
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.advance import advance
from watchkeeper.workflows.house import House

pytestmark = pytest.mark.server("git")

BEFORE, AFTER = "spec:\n  replicas: 2\n", "spec:\n  replicas: 3\n"
PATH = "apps/checkout.yaml"


class Cluster:
    """The one live object."""

    def __init__(self) -> None:
        self.replicas = 2

    async def get(self, kind: str, namespace: str, name: str) -> Mapping[str, Any]:
        n = self.replicas
        status = {
            "observedGeneration": 1,
            "replicas": n,
            "updatedReplicas": n,
            "readyReplicas": n,
            "availableReplicas": n,
        }
        return {"kind": kind, "metadata": {"name": name, "generation": 1}, "spec": {"replicas": n}, "status": status}


@dataclass
class Scene:
    house: House
    git: GitRepository
    server: GitHub
    cluster: Cluster
    clock: ManualClock

    async def step(self, times: int = 1, seconds: float = 2) -> Incident:
        for _ in range(times):
            # The job boundary would try again.
            with suppress(CodeHostUnavailable):
                await advance(self.house, INCIDENT.id)
            self.clock.advance(seconds=seconds)
        async with self.house.store.transaction() as tx:
            return await tx.incident(INCIDENT.id)

    async def words(self) -> str:
        async with self.house.store.transaction() as tx:
            return "\n".join(
                f"{e.kind}: {e.text} {e.data.get('manual_commands', '')}" for e in await tx.events(INCIDENT.id)
            )

    async def state(self) -> PlanState:
        async with self.house.store.transaction() as tx:
            return (await tx.plan("plan-1")).state

    @property
    def merges(self) -> int:
        return int(self.git.git("rev-list", "--count", "--merges", "main"))


def plan() -> Plan:
    return Plan(
        id="plan-1", incident_id=INCIDENT.id, action="scale_out", target=Workload("shop", "Deployment", "checkout"), environment="staging",
        severity=Severity.HIGH, arguments={}, because="it is full", evidence_ids=(), evidence_digest="", confidence=0.9,
        independent_signals=2, trusted_signals=1, repository="shop/manifests", base_branch="main", edits=(FileEdit(PATH, BEFORE, AFTER),),
        fields=(FieldChange("spec.replicas", 2, 3),), blast_radius=BlastRadius((), 2, (), "2 pods."), risk=Risk.LOW, reversible=True,
        checks_before=(), checks_after=(Check("ready", {}, "ready"),), undo=(FileEdit(PATH, AFTER, BEFORE),), undo_words="scale back",
        manual_commands=("kubectl -n shop rollout status deployment/checkout",), created_at=NOW, expires_at=NOW + timedelta(minutes=30),
    ).sealed()  # fmt: skip


@pytest.fixture
async def scene(tmp_path: Path, database_url: str) -> AsyncIterator[Scene]:
    clock, cluster = ManualClock(NOW), Cluster()
    git = GitRepository.create(tmp_path / "manifests.git", {PATH: BEFORE, "README.md": "hello\n"})
    server = GitHub(git, lambda: clock.now().timestamp())
    server.url = "http://git"
    host = Host(DeliverySettings(repository="shop/manifests", url="http://git"), httpx.ASGITransport(app=server.app()))
    settings = Settings.model_validate(
        {"remediation": {"dry_run": False, "checks_timeout_minutes": 1, "poll_seconds": 1}}
    )
    store = PostgresStore.open(database_url)
    house = replace(front.build_house(settings, store), clock=clock, codehost=host, objects=cluster)
    made = plan()
    async with store.transaction() as tx:
        await tx.create_incident(replace(INCIDENT, stage=Stage.APPLYING))
        await tx.add_alert(ALERT, INCIDENT.id, "first")
        await tx.save_plan(made, NeedsApproval(("configured",)))
        await tx.add_approval(Approval(made.id, made.digest, Decision.APPROVED, "ann", Role.APPROVER, "api", NOW))
        await tx.set_plan(made.id, PlanState.APPROVED)
    yield Scene(house, git, server, cluster, clock)
    await host.aclose()
    await store.close()


async def test_the_way_it_should_go(scene: Scene) -> None:
    await scene.step(3)
    assert (scene.merges, scene.git.read("main", PATH)) == (1, AFTER)
    scene.cluster.replicas = 3
    assert (await scene.step()).stage is Stage.VERIFYING
    assert len(scene.server.pulls) == 1
    assert "plan" in scene.server.pulls[0].body.lower()


@pytest.mark.parametrize(
    "lost",
    [
        ("POST", r"/git/trees$"),
        ("POST", r"/git/commits$"),
        ("POST", r"/git/refs$"),
        ("POST", r"/pulls$"),
        ("PUT", r"/merge$"),
    ],
    ids=lambda x: x[1],
)
async def test_an_effect_whose_answer_was_lost_is_found_again(scene: Scene, lost: tuple[str, str]) -> None:
    scene.server.faults.drop_answers.append(lost)
    await scene.step(6)
    assert scene.server.faults.drop_answers == []
    assert [p.merged for p in scene.server.pulls] == [True]
    assert scene.merges == 1


async def test_a_merge_whose_rollout_was_faster_than_we_is_adopted(scene: Scene) -> None:
    scene.server.faults.drop_answers.append(("PUT", r"/merge$"))
    await scene.step(3)
    scene.cluster.replicas = 3
    assert (await scene.step(2)).stage is Stage.VERIFYING
    assert scene.merges == 1


HARMFUL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  replicas: 3
  template: {spec: {hostNetwork: true, containers: [{name: checkout, image: "checkout:latest"}]}}
"""


async def test_a_repair_goes_through_the_same_review_as_every_change(scene: Scene) -> None:
    before = HARMFUL.replace("hostNetwork: true, ", "").replace("replicas: 3", "replicas: 2")
    made = replace(plan(), id="plan-2", edits=(FileEdit(PATH, before, HARMFUL),)).sealed()
    scene.git.commit("main", {PATH: before}, "the declared state")
    async with scene.house.store.transaction() as tx:
        await tx.set_plan("plan-1", PlanState.VOID)
        await tx.save_plan(
            replace(made, created_at=NOW + timedelta(seconds=1)).sealed(), NeedsApproval(("configured",))
        )
        sealed = (await tx.plan("plan-2")).plan
        await tx.add_approval(Approval(sealed.id, sealed.digest, Decision.APPROVED, "ann", Role.APPROVER, "api", NOW))
        await tx.set_plan("plan-2", PlanState.APPROVED)
    await scene.step()
    assert scene.server.pulls == []
    said = await scene.words()
    assert "WK-K8S-002 host namespaces" in said
    assert "WK-K8S-003" not in said  # it was there before


async def test_a_base_that_moved_under_the_plan_voids_it(scene: Scene) -> None:
    scene.git.commit("main", {PATH: "spec:\n  replicas: 5\n"}, "somebody scales")
    assert (await scene.step()).stage is Stage.ESCALATED
    assert scene.server.pulls == []
    assert await scene.state() is PlanState.VOID
    assert f"{PATH} changed since the plan was made" in await scene.words()


async def test_a_base_that_moved_elsewhere_does_no_harm(scene: Scene) -> None:
    await scene.step()
    scene.git.commit("main", {"README.md": "other\n"}, "docs")
    await scene.step(3)
    assert (scene.git.read("main", PATH), scene.git.read("main", "README.md")) == (AFTER, "other\n")


async def test_a_conflict_calls_a_person(scene: Scene) -> None:
    await scene.step()
    scene.git.commit("main", {PATH: "spec:\n  replicas: 7\n"}, "somebody scales")
    ended = await scene.step(3)
    assert ended.stage is Stage.ESCALATED
    assert "refused the merge" in await scene.words()
    assert scene.git.read("main", PATH) == "spec:\n  replicas: 7\n"


async def test_a_refused_merge_calls_a_person_with_the_commands(scene: Scene) -> None:
    scene.server.faults.refuse_merge = "Base branch requires signed commits"
    assert (await scene.step(4)).stage is Stage.ESCALATED
    assert "signed commits" in await scene.words()
    assert "kubectl -n shop rollout status" in await scene.words()


async def test_a_head_that_a_person_changed_voids_the_approval(scene: Scene) -> None:
    await scene.step()
    branch = scene.server.pulls[0].head
    scene.git.commit(branch, {PATH: "spec:\n  replicas: 50\n"}, "while at it")
    assert (await scene.step(2)).stage is Stage.ESCALATED
    assert await scene.state() is PlanState.VOID
    assert scene.merges == 0


async def test_a_pull_request_a_person_closed_stays_closed(scene: Scene) -> None:
    await scene.step()
    scene.server.pulls[0].state = "closed"
    assert (await scene.step(2)).stage is Stage.ESCALATED
    assert "a person closed the pull request" in await scene.words()


async def test_no_check_reported_is_not_green(scene: Scene) -> None:
    scene.server.faults.checks = "never"
    assert (await scene.step(5)).stage is Stage.APPLYING
    assert "no check has reported" in await scene.words()
    assert (await scene.step(4, seconds=30)).stage is Stage.ESCALATED
    assert scene.merges == 0
    assert "kubectl -n shop rollout status" in await scene.words()


async def test_red_checks_call_a_person(scene: Scene) -> None:
    scene.server.faults.checks = "fail"
    assert (await scene.step(4)).stage is Stage.ESCALATED
    assert "checks failed" in await scene.words()


async def test_where_a_review_is_wanted_it_waits_and_names_the_reviewers(scene: Scene) -> None:
    scene.server.faults.review_by = ("grace", "linus")
    assert (await scene.step(5)).stage is Stage.APPLYING
    assert "waits for a review by grace, linus" in await scene.words()
    scene.server.faults.review_by = ()
    await scene.step(1)
    assert scene.merges == 1


async def test_an_alert_that_ends_before_the_merge_closes_the_pull_request(scene: Scene) -> None:
    scene.server.faults.checks = "never"
    await scene.step(2)
    async with scene.house.store.transaction() as tx:
        await tx.add_alert(replace(ALERT, status=AlertStatus.RESOLVED, ends_at=NOW), INCIDENT.id, "over")
    assert (await scene.step()).stage is Stage.RESOLVED
    assert (scene.server.pulls[0].state, scene.merges) == ("closed", 0)
    assert any("the alert resolved before the merge" in c["body"] for c in scene.server.pulls[0].comments)
    assert await scene.state() is PlanState.VOID


async def test_a_target_that_a_person_changed_voids_the_approval(scene: Scene) -> None:
    await scene.step()
    scene.cluster.replicas = 6
    assert (await scene.step()).stage is Stage.ESCALATED
    assert "somebody changed the target" in await scene.words()
    assert scene.merges == 0


async def test_the_kill_switch_stops_it_at_the_moment_of_use(scene: Scene) -> None:
    async with scene.house.store.transaction() as tx:
        await tx.set_flag("kill_switch", "on")
    assert (await scene.step()).stage is Stage.ESCALATED
    assert scene.server.pulls == []


async def test_dry_run_renders_and_changes_nothing(scene: Scene) -> None:
    settings = scene.house.settings.model_copy(
        update={"remediation": scene.house.settings.remediation.model_copy(update={"dry_run": True})}
    )
    scene.house = replace(scene.house, settings=settings)
    assert (await scene.step()).stage is Stage.ESCALATED
    assert "dry run: would have opened a pull request" in await scene.words()
    assert [c for c in scene.server.faults.calls if c[0] != "GET"] == []


async def test_a_plan_changed_in_the_database_is_refused(scene: Scene) -> None:
    await scene.house.store._rows(  # type: ignore[attr-defined]
        "update plans set body = jsonb_set(body, '{because}', '\"other\"') returning id"
    )
    assert (await scene.step()).stage is Stage.ESCALATED
    assert "does not fit its digest" in await scene.words()


@pytest.mark.parametrize("jump", [timedelta(seconds=20), timedelta(hours=2)], ids=["seconds", "hours"])
async def test_two_workers_whose_clocks_jump_do_nothing_twice(scene: Scene, jump: timedelta) -> None:
    """One clock is ahead, the other goes forward and back: steps are fenced by versions and digests, not by time."""
    ahead = ManualClock(NOW + jump)
    other = replace(scene, house=replace(scene.house, clock=ahead), clock=ahead)
    for turn in range(8):
        await scene.step()
        incident = await other.step()
        scene.clock.advance(seconds=jump.total_seconds() * (-1 if turn % 2 else 1))
        scene.cluster.replicas = 3 if scene.merges else 2
    # Hours ahead the time of the checks is over, and a person is called; that too happens once.
    wanted = 1 if jump < timedelta(minutes=1) else scene.merges
    assert (len(scene.server.pulls), scene.merges) == (1, wanted)
    assert wanted <= 1
    kinds = [line.split(":")[0] for line in (await scene.words()).splitlines()]
    assert all(kinds.count(kind) <= 1 for kind in ("change.pull_request", "change.merged", "change.deployed"))
    assert (await scene.house.store.verify_audit())[0]
    note(
        f"clocks of two workers {jump} apart, one jumping forward and back, while a change is carried out",
        f"the change goes on; the incident is {incident.stage}", "none needed", 0, max(0, scene.merges - 1),
    )  # fmt: skip
