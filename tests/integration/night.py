"""A house with a repository, a cluster and metrics in memory, for stories about one plan."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from watchkeeper import app as front
from watchkeeper.codehosts.port import Checks, ChecksState, PullRequest
from watchkeeper.domain.evidence import Origin, Series, Signal
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.remediation import Plan
from watchkeeper.estate.fields import assign, read
from watchkeeper.settings import Settings
from watchkeeper.store.port import PlanRecord
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.telemetry.port import Reading, Sample, Scope
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.advance import advance
from watchkeeper.workflows.house import House


@dataclass
class MemoryHost:
    """Files, and pull requests that are merged when asked. Counts what it did."""

    files: dict[str, str]
    name: str = "memory"
    pulls: dict[str, tuple[PullRequest, dict[str, str]]] = field(default_factory=dict)
    merges: int = 0
    closed: list[str] = field(default_factory=list)
    past: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def read_file(self, path: str, ref: str) -> str | None:
        return self.files.get(path)

    async def list_files(self, ref: str, under: str = "") -> list[str]:
        return sorted(self.files)

    async def earlier(self, ref: str, under: str = "") -> Mapping[str, tuple[str, ...]]:
        return self.past

    async def head(self, branch: str) -> str | None:
        return "c0"

    async def propose(
        self, *, branch: str, base: str, files: Mapping[str, str], title: str, body: str, message: str
    ) -> PullRequest:
        if branch not in self.pulls:
            self.pulls[branch] = (
                PullRequest(len(self.pulls) + 1, "u", branch, base, f"sha-{branch}", "open"),
                dict(files),
            )
        return self.pulls[branch][0]

    async def pull_request(self, number: int) -> PullRequest:
        return next(p for p, _ in self.pulls.values() if p.number == number)

    async def find_pull_request(self, branch: str) -> PullRequest | None:
        return self.pulls[branch][0] if branch in self.pulls else None

    async def checks(self, sha: str) -> Checks:
        return Checks(ChecksState.PASSED, "1 check passed")

    async def merge(self, number: int, *, expected_head: str) -> PullRequest:
        branch, (pull, files) = next((b, v) for b, v in self.pulls.items() if v[0].number == number)
        assert pull.head_sha == expected_head
        if pull.state == "open":
            self.merges += 1
            self.files.update(files)
            self.pulls[branch] = replace(pull, state="merged", merge_sha="m"), files
        return self.pulls[branch][0]

    async def close(self, number: int, *, comment: str) -> PullRequest:
        branch, (pull, files) = next((b, v) for b, v in self.pulls.items() if v[0].number == number)
        self.closed.append(comment)
        self.pulls[branch] = replace(pull, state="closed"), files
        return self.pulls[branch][0]

    async def comment(self, number: int, body: str, *, key: str) -> None: ...

    async def probe(self) -> list[tuple[str, bool, str]]:
        return []

    async def aclose(self) -> None: ...


@dataclass
class LiveTarget:
    """The plan's target: as it was, until the host has merged; then as the plan wanted it."""

    plan: Plan
    host: MemoryHost
    overrides: dict[str, Any] = field(default_factory=dict)

    async def get(self, kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        thing: dict[str, Any] = {
            "kind": kind, "metadata": {"name": name, "namespace": namespace, "generation": 1, "labels": {"team": "shop"}},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": name, "env": [{"name": "DB_POOL_SIZE"}]}]}}},
        }  # fmt: skip
        for change in self.plan.fields:
            value = change.after if self.host.merges % 2 else change.before
            if value is not None or read(thing, change.path) is not None:
                assign(thing, change.path, value)
        for path, value in self.overrides.items():
            assign(thing, path, value)
        n = thing["spec"]["replicas"]
        thing["status"] = {
            "observedGeneration": 1,
            "replicas": n,
            "updatedReplicas": n,
            "readyReplicas": n,
            "availableReplicas": n,
        }
        return thing


@dataclass
class GoodMetrics:
    """Everything a plan checks is well."""

    plan: Plan
    clock: ManualClock
    name: str = "memory"
    signals: frozenset[Signal] = frozenset({Signal.METRICS})
    factor: float = 0.0

    async def read(self, scope: Scope) -> Reading:
        at = np.array([self.clock.now().timestamp()])
        series = []
        for check in self.plan.checks_after:
            said = check.arguments
            if "service" in said:
                metric = str(said.get("metric", "up"))
                good = {"up": 1.0, "traffic": float(said.get("before", 0))}.get(check.kind, self.factor)
                series.append(Series(str(said["service"]), metric, at, np.array([good]), Origin.WORKLOAD))
        return Reading(metrics=tuple(series))

    async def instant(self, query: str, at: float | None = None) -> list[Sample]:
        return []

    async def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        return []

    async def started_at(self) -> float | None:
        return None

    async def probe(self) -> list[Any]:
        return []

    async def close(self) -> None: ...


@dataclass
class Night:
    """What a test sees."""

    house: House
    store: PostgresStore
    clock: ManualClock
    host: MemoryHost
    live: LiveTarget
    metrics: GoodMetrics
    incident_id: str

    async def step(self, times: int = 1, seconds: float = 30) -> Incident:
        for _ in range(times):
            await advance(self.house, self.incident_id)
            self.clock.advance(seconds=seconds)
        async with self.store.transaction() as tx:
            return await tx.incident(self.incident_id)

    async def record(self) -> PlanRecord:
        async with self.store.transaction() as tx:
            return (await tx.plans_of(self.incident_id))[0]

    async def words(self) -> str:
        async with self.store.transaction() as tx:
            return "\n".join(f"{e.kind}: {e.text}" for e in await tx.events(self.incident_id))


@asynccontextmanager
async def night(database_url: str, plan: Plan, clock: ManualClock, **remediation: Any) -> AsyncIterator[Night]:
    """A house for this plan's target; the incident and the plan are kept by the test."""
    rules = {"dry_run": False, "poll_seconds": 1, "verify_after_seconds": 0, "verify_healthy_seconds": 1, **remediation}
    settings = Settings.model_validate({"remediation": rules})
    store = PostgresStore.open(database_url)
    host = MemoryHost({e.path: e.before for e in plan.edits if e.before})
    live, metrics = LiveTarget(plan, host), GoodMetrics(plan, clock)
    house = replace(
        front.build_house(settings, store),
        clock=clock,
        codehost=host,
        objects=live,
        sources=(metrics,),
        metrics=metrics,
    )
    try:
        yield Night(house, store, clock, host, live, metrics, plan.incident_id)
    finally:
        await store.close()
