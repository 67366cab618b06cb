"""Questions in the words engineers use, asked of a simulated world and compared with what truly happened in it."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from watchkeeper.app import build_house
from watchkeeper.ask.answer import Answer
from watchkeeper.ask.question import Intent, Question, Span
from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.bench._more_questions import MORE
from watchkeeper.bench._questions import TABLE, plan
from watchkeeper.bench.worlds import FixedClock
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.evidence import Window
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.remediation import NeedsApproval
from watchkeeper.domain.severity import Severity
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin
from watchkeeper.simulate import shop
from watchkeeper.simulate.cluster import api as kubernetes_api
from watchkeeper.simulate.delivery.loop import ContinuousDelivery, release
from watchkeeper.simulate.delivery.memory import MemoryRepository
from watchkeeper.simulate.logs import api as loki_api
from watchkeeper.simulate.metrics import api as prometheus_api
from watchkeeper.simulate.serve import serving
from watchkeeper.simulate.traces import api as tempo_api
from watchkeeper.simulate.world import World
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import migrate
from watchkeeper.store.port import PlanState
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.workflows.analyze import suggested_fix
from watchkeeper.workflows.answer import answer
from watchkeeper.workflows.answers.seen import around
from watchkeeper.workflows.house import House

START = datetime(2026, 3, 2, 12, 45, tzinfo=UTC)
RELEASED, BROKEN, HEALED, NOW = (START + timedelta(minutes=m) for m in (55, 72, 79, 105))
"""13:40 a release of cart, 13:57 connections of payment leak, 14:04 that ends, 14:30 questions are asked."""
EVERY = (*TABLE, *MORE)
_TICK = 10.0


@dataclass(slots=True)
class Truth:
    """What happened, noted from the engine itself each tick: (time, what, service) -> value."""

    times: list[float] = field(default_factory=list)
    rows: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def note(self, world: World) -> None:
        """The state after a step."""
        self.times.append(world.now)
        for name in shop.SERVICES:
            state, pods = world.engine.states[name], world.engine.of(name)
            served = sum(p.served.good + p.served.bad for p in pods)
            failed = sum(p.served.bad for p in pods)
            found = {
                "cpu": 1000 * sum(p.cpu_now for p in pods), "mem": sum(p.memory for p in pods) / 2**20, "rps": state.rps, "latency": state.latency,
                "served": served, "failed": failed, "pods": float(len(pods)), "pool": sum(p.pool_active for p in pods),
            }  # fmt: skip
            for what, value in found.items():
                self.rows.setdefault((what, name), []).append(value)

    def mean(self, what: str, service: str, start: datetime, end: datetime) -> float:
        """Over a span."""
        return float(np.mean(self._between(what, service, start, end)))

    def peak(self, what: str, service: str, start: datetime, end: datetime) -> float:
        """Over a span."""
        return float(np.max(self._between(what, service, start, end)))

    def grown(self, what: str, service: str, start: datetime, end: datetime) -> float:
        """How far a counter went."""
        values = self._between(what, service, start, end)
        return float(np.clip(np.diff(values), 0, None).sum())

    def _between(
        self, what: str, service: str, start: datetime, end: datetime
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        times = np.array(self.times)
        return np.array(self.rows[(what, service)])[(times >= start.timestamp()) & (times <= end.timestamp())]


@dataclass(frozen=True, slots=True)
class Scene:
    """A house that watches the world, and the truth about it."""

    house: House
    world: World
    truth: Truth
    now: datetime = NOW

    async def ask(self, words: str) -> Answer:
        """As from a person whose clock is UTC."""
        return await answer(self.house, words)


@asynccontextmanager
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """The world lived through, its servers on loopback, a house on the database. Nothing is on record yet."""
    truth = Truth()
    world = await asyncio.to_thread(_lived, truth)
    apps = {
        "prometheus": prometheus_api.app(world.metrics, lambda: world.now, None, started=START.timestamp()),
        "loki": loki_api.app(world.logs, lambda: world.now), "tempo": tempo_api.app(world.spans, lambda: world.now),
        "kubernetes": kubernetes_api.app(world.cluster, lambda: world.now),
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(serving(apps))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-questions-")))
        (folder / "kubeconfig").write_text(kubernetes_api.kubeconfig(urls["kubernetes"]))
        budget = {"budget": {"queries_per_minute": 100_000}}
        settings = Settings.model_validate(
            {
                "sources": {
                    "prometheus": {"url": urls["prometheus"], "rate_window_seconds": 45, "step_seconds": 10, **budget},
                    "loki": {"url": urls["loki"], **budget}, "tempo": {"url": urls["tempo"], "max_traces": 200, **budget},
                    "kubernetes": {"kubeconfig": str(folder / "kubeconfig"), **budget},
                },
                "entities": {"calls": [list(c) for c in shop.CALLS]},
            }
        )  # fmt: skip
        store = PostgresStore.open(database_url)
        house = replace(build_house(settings, store), clock=FixedClock(world))
        try:
            yield Scene(house, world, truth)
        finally:
            for source in house.sources:
                await source.close()
            await store.close()


def _lived(truth: Truth) -> World:
    world = World(seed=4, start=START.timestamp(), load=60, startup=2.0)
    repository = MemoryRepository.of(shop.manifests())
    delivery = ContinuousDelivery(repository, world.cluster)
    delivery.sync(world.now)
    happens: list[tuple[datetime, Callable[[], None]]] = [
        (RELEASED, lambda: release(repository, "cart", "1.4.3")),
        (BROKEN, lambda: plugin("watchkeeper.simulate.scenarios", "SCENARIO", "pool_exhausted").start(world, 60.0)),
        (HEALED, lambda: world.heal("payment")),
    ]
    while world.now < NOW.timestamp() - 1e-6:
        while happens and world.now >= happens[0][0].timestamp():
            happens.pop(0)[1]()
        delivery.sync(world.now)
        world.advance(_TICK, tick=_TICK)
        truth.note(world)
    return world


async def put_on_record(here: Scene) -> Incident:
    """The incident of 14:00 as Watchkeeper would have kept it: its own diagnosis, a repair, resolved at 14:04; and one that waits."""
    house = here.house
    question = Question(Intent.WHY, Span(BROKEN, HEALED, ""))
    window = Window(BROKEN - timedelta(minutes=30), BROKEN + timedelta(seconds=30), HEALED)
    found: Diagnosis = await asyncio.to_thread(diagnose, await around(house, question, window, "gateway"))
    cause = found.cause
    assert cause is not None
    incident = Incident(
        "inc-0140", "gateway answers slowly", Stage.RESOLVED, Severity.CRITICAL, "production", shop.NAMESPACE, "gateway", BROKEN + timedelta(minutes=1),
        BROKEN + timedelta(seconds=30), HEALED, HEALED, found.root_cause, cause.service, cause.kind, cause.confidence,
    )  # fmt: skip
    waiting = replace(
        incident, id="inc-0142", title="cart uses more memory than before", stage=Stage.AWAITING_APPROVAL, severity=Severity.HIGH, service="cart",
        opened_at=NOW - timedelta(minutes=6), onset=NOW - timedelta(minutes=7), resolved_at=None, root_cause="Perhaps memory exhausted in cart",
        cause_service="cart", cause_kind="memory", confidence=0.6,
    )  # fmt: skip
    alert = Alert(
        "alertmanager", "f-cart", AlertStatus.FIRING, "HighPodMemory", {"alertname": "HighPodMemory", "namespace": shop.NAMESPACE, "app": "cart"}, {},
        NOW - timedelta(minutes=7), None, NOW - timedelta(minutes=7),
    )  # fmt: skip
    async with house.store.transaction() as tx:
        for one in (incident, waiting):
            await tx.create_incident(one)
        await tx.save_diagnosis(incident.id, found, HEALED)
        await tx.add_alert(alert, waiting.id, "first alert")
        for one_plan in (
            plan("plan-0140", incident.id, "raise_pool_size", "payment", "4", "8", NOW),
            plan("plan-0142", waiting.id, "raise_memory_limit", "cart", "256Mi", "384Mi", NOW),
        ):
            await tx.save_plan(one_plan, NeedsApproval(("configured",)))
        await tx.set_plan("plan-0140", PlanState.SUCCEEDED)
    assert suggested_fix(found)["type"] == "raise_pool_size"
    return incident


def run(asked: Asked) -> dict[str, Any]:
    """How many of the table are answered right, and how many that cannot be answered are declined."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-questions-") as folder:
        database = EmbeddedDatabase(Path(folder))
        try:
            migrate(database.url())
            told = asyncio.run(_asked(database.url(), asked))
        finally:
            database.stop()
    figures = {
        "benchmark": "questions", "questions": len(told), "right": sum(t["problem"] == "" for t in told),
        "wrong": [f"{t['question']}: {t['problem']}" for t in told if t["problem"]],
    }  # fmt: skip
    for path, content in ((asked.predictions, told), (asked.json_out, figures)):
        write_json(path, content)
    return figures


async def _asked(url: str, asked: Asked) -> list[dict[str, str]]:
    told = []
    async with scene(url) as here:
        await put_on_record(here)
        for number, (words, check) in enumerate(EVERY, 1):
            said = await here.ask(words)
            told.append({"question": words, "answer": said.text, "problem": problem_of(said, check, here)})
            asked.progress(number, len(EVERY))
    return told


def problem_of(said: Answer, check: Callable[[Answer, Any], Any], here: Scene) -> str:
    """ "" where the answer is right."""
    try:
        right = check(said, here)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        return f"{type(error).__name__} {error}: {said.text[:300]}"
    return "" if right else re.sub(r"\s+", " ", said.text[:400]) or "(empty)"
