"""Faults in the simulated world, by many seeds: is the cause named first, through the same adapters as in production?"""

import asyncio
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from watchkeeper.app import build_sources
from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.evidence import EvidenceFile, Window
from watchkeeper.domain.topology import Topology
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugins
from watchkeeper.simulate import shop
from watchkeeper.simulate.cluster import api as kubernetes_api
from watchkeeper.simulate.delivery.loop import ContinuousDelivery, declare, edit, release
from watchkeeper.simulate.delivery.memory import MemoryRepository
from watchkeeper.simulate.logs import api as loki_api
from watchkeeper.simulate.metrics import api as prometheus_api
from watchkeeper.simulate.metrics.rules import RuleEngine, scaled
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.serve import serving
from watchkeeper.simulate.traces import api as tempo_api
from watchkeeper.simulate.world import World
from watchkeeper.telemetry.assemble import assemble, read_all
from watchkeeper.telemetry.budget import MemoryLedger
from watchkeeper.telemetry.port import Scope, SourceTools
from watchkeeper.telemetry.resolver import Resolver

SEEDS = 10
_NORMAL, _TICK = 900.0, 3.0
"""Seconds of normal life, and how often it is scraped."""
_WAIT, _SETTLE = 150.0, 20.0
"""Seconds until an alert must have fired, and from then to the diagnosis."""
_SCALE = 1 / 30
"""Minutes of the shipped rules are seconds here."""

Begin = Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Played:
    """A way to break the world and what must be said of it."""

    name: str
    begin: Begin
    causes: frozenset[str]
    """services that must be ranked first, as many places as there are; empty: nobody's fault"""
    kind: str
    also: frozenset[str] = frozenset()
    """further kinds that say the same"""


@dataclass(frozen=True, slots=True)
class FixedClock:
    """The world's time."""

    world: World

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.fromtimestamp(self.world.now, UTC)


def run(asked: Asked, *, seeds: int = SEEDS, only: str = "") -> dict[str, Any]:
    """Share of runs in which the causes come first and their kind is named, by scenario."""
    names = [p.name for p in every_play() if only in ("", p.name)]
    jobs = [(name, seed) for name in names for seed in range(1, seeds + 1)]
    rows: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    told: dict[str, Any] = {}
    # Not forked: threads of the libraries would not survive it.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        for number, ((name, seed), (verdict, said)) in enumerate(zip(jobs, workers.map(_job, jobs), strict=True), 1):
            rows[name].append(verdict)
            told[f"{name} {seed}"] = said
            asked.progress(number, len(jobs))
    hits = [first for found in rows.values() for first, _ in found]
    figures = {
        "benchmark": "worlds", "runs": len(hits), "first": round(sum(hits) / len(hits), 3),
        "kind": round(sum(k for found in rows.values() for _, k in found) / len(hits), 3),
        "scenarios": {n: {"first": sum(f for f, _ in r), "kind": sum(k for _, k in r), "of": len(r)} for n, r in rows.items()},
    }  # fmt: skip
    for path, content in ((asked.predictions, told), (asked.json_out, figures)):
        write_json(path, content)
    return figures


def _job(job: tuple[str, int]) -> tuple[tuple[bool, bool], list[Any]]:
    name, seed = job
    play = next(p for p in every_play() if p.name == name)
    found = asyncio.run(played(play, seed))
    return judged(play, found), [found.abstained, *((h.service, h.kind, h.score) for h in found.hypotheses[:3])]


def every_play() -> list[Played]:
    """The scenarios of the shelf, two of them at once, and a healthy world."""
    shelf = plugins("watchkeeper.simulate.scenarios", "SCENARIO")
    single = [_alone(name, scenario) for name, scenario in sorted(shelf.items())]

    def both(world: World) -> None:
        shelf["pool_exhausted"].start(world, 4.0)
        shelf["memory_leak"].start(world, 20.0)

    two = Played("two_at_once", both, frozenset(("payment", "cart")), "")
    return [*single, two, Played("healthy", lambda world: None, frozenset(), "none")]


def _alone(name: str, scenario: Scenario) -> Played:
    struck = frozenset(filter(None, [scenario.truth()])) if scenario.kind != "none" else frozenset()
    return Played(name, lambda world: scenario.start(world, 4.0), struck, scenario.kind, scenario.kinds)


def judged(play: Played, found: Diagnosis) -> tuple[bool, bool]:
    """Are the causes first, and is their kind named?"""
    if play.kind == "none":
        return found.abstained, found.abstained
    first = list(found.hypotheses[: max(len(play.causes), 1)]) if not found.abstained else []
    if not play.causes:
        right = bool(first) and first[0].kind in {play.kind, *play.also}
        return right, right
    services = {h.service for h in first} == play.causes
    return services, services and (not play.kind or first[0].kind in {play.kind, *play.also})


async def played(play: Played, seed: int) -> Diagnosis:
    """One world broken, watched until an alert fires, and diagnosed as an incident would be."""
    return diagnose(await staged(play, seed))


async def staged(play: Played, seed: int) -> EvidenceFile:
    """What is read of a world that was broken, some seconds after the first alert, or when none fired in time."""
    dice = random.Random(seed)
    world = World(seed=seed, start=1_750_000_000.0 + 7919 * seed, load=dice.uniform(45, 75), startup=2.0)
    repository = MemoryRepository.of(shop.manifests())
    delivery = ContinuousDelivery(repository, world.cluster)
    world.release = partial(release, repository)
    world.edit, world.declare = partial(edit, repository), partial(declare, repository)
    alerts: list[Mapping[str, Any]] = []

    async def post(body: dict[str, Any]) -> int:
        alerts.extend(a for a in body["alerts"] if a["status"] == "firing")
        return 200

    rules_text = files("watchkeeper").joinpath("simulate/sre-alerts.yaml").read_text(encoding="utf-8")
    rules = RuleEngine(world.metrics, scaled(rules_text, _SCALE), post)
    delivery.sync(world.now)
    world.advance(_NORMAL, tick=_TICK)
    play.begin(world)
    broken = world.now
    fired = None
    while world.now < (broken + _WAIT if fired is None else fired + _SETTLE):
        delivery.sync(world.now)
        world.advance(1.0)
        if round(world.now - broken) % 2 == 0:
            await rules.evaluate(world.now)
            fired = world.now if fired is None and alerts else fired
    return await _evidence(world, (fired or world.now) - 15.0, alerts)


async def _evidence(world: World, onset: float, alerts: list[Mapping[str, Any]]) -> EvidenceFile:
    """What the real adapters read from the world's servers, as for a live incident."""
    apps = {
        "prometheus": prometheus_api.app(world.metrics, lambda: world.now, None, started=world.now - _NORMAL),
        "loki": loki_api.app(world.logs, lambda: world.now),
        "tempo": tempo_api.app(world.spans, lambda: world.now),
        "kubernetes": kubernetes_api.app(world.cluster, lambda: world.now),
    }
    now = FixedClock(world)
    moment = now.now()
    window = Window(moment - timedelta(seconds=_NORMAL), datetime.fromtimestamp(onset, UTC), moment)
    service = next((str(a["labels"]["service"]) for a in alerts if a["labels"].get("service")), "")
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(serving(apps))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-bench-")))
        (folder / "kubeconfig").write_text(kubernetes_api.kubeconfig(urls["kubernetes"]))
        settings = Settings.model_validate(
            {
                "sources": {
                    "prometheus": {"url": urls["prometheus"], "rate_window_seconds": 10, "step_seconds": 5},
                    "loki": {"url": urls["loki"]}, "tempo": {"url": urls["tempo"], "max_traces": 200},
                    "kubernetes": {"kubeconfig": str(folder / "kubeconfig")},
                },
                "entities": {"calls": [list(c) for c in shop.CALLS]},
            }
        )  # fmt: skip
        sources = build_sources(settings, SourceTools(now, Resolver(settings.entities), MemoryLedger()))
        readings = await read_all(sources, Scope(window, (shop.NAMESPACE,), service, f"bench {onset}"))
        for source in sources:
            await source.close()
    evidence = assemble(window, readings, (), service, "")
    also = frozenset(str(a["labels"].get("service", "")) for a in alerts) - {"", service}
    topology = evidence.topology.merged(Topology.of(shop.CALLS))
    return replace(evidence, topology=topology, also_alerting=also)
