"""One drill: a world is broken, Watchkeeper (or a rival) has its way with it, and the world itself says what came of it."""

import copyreg
import json
import pickle
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from watchkeeper import app as front
from watchkeeper.api.delivery import Delivery
from watchkeeper.api.webhooks import alertmanager
from watchkeeper.bench import _towns
from watchkeeper.bench._health import Health, ailing, harmed
from watchkeeper.bench._towns import Town
from watchkeeper.bench.worlds import FixedClock
from watchkeeper.domain.errors import Conflict, NotAllowed, WatchkeeperError
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.remediation import AutoApproved, Decision, Denied
from watchkeeper.domain.severity import Role
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin
from watchkeeper.simulate import shop
from watchkeeper.simulate.cluster import api as kubernetes_api
from watchkeeper.simulate.delivery.github import GitHub
from watchkeeper.simulate.delivery.loop import ContinuousDelivery, declare, edit, release
from watchkeeper.simulate.delivery.memory import MemoryRepository
from watchkeeper.simulate.logs import api as loki_api
from watchkeeper.simulate.metrics import api as prometheus_api
from watchkeeper.simulate.metrics.rules import RuleEngine, scaled
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.serve import serving
from watchkeeper.simulate.traces import api as tempo_api
from watchkeeper.simulate.world import World
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import migrate
from watchkeeper.store.port import PlanRecord, PlanState, Transaction
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.telemetry.budget import MemoryLedger
from watchkeeper.workflows.advance import advance
from watchkeeper.workflows.decide import decide
from watchkeeper.workflows.house import House
from watchkeeper.workflows.receive_alerts import receive_alerts

HEALTHY = "healthy"
SCALE = 1 / 30
"""Minutes of the shipped rules are seconds here."""
_NORMAL, _TICK, _STEP = 420.0, 3.0, 2.0
"""Seconds before the fault, and of a step of the world before and after it."""
_HORIZON = 240.0
"""Seconds after the fault at which the world is judged."""
_AFTERWARDS = 20.0
"""Seconds that go on once every incident is at its end."""
_POLL = 4
_FIRST = 120.0
"""Seconds in which an incident must have been opened."""
_LOUD = 40.0
"""Seconds after which the rival restarts what is loudest."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One scenario at one seed in one kind of town. `player`: watchkeeper, nothing, restart."""

    scenario: str
    seed: int
    town: str = "standard"
    player: str = "watchkeeper"

    def built(self) -> tuple[Town, str, Scenario | None, random.Random]:
        """Town, the service that is struck, the scenario (None: healthy), and the dice from there on."""
        dice = random.Random(f"{self.town} {self.seed} {self.scenario}")
        town = _town(self.town, dice)
        if self.scenario == HEALTHY:
            return town, "", None, dice
        scenario: Scenario = plugin("watchkeeper.simulate.scenarios", "SCENARIO", self.scenario)
        if town.shop is shop.SHOP or self.town == "harder" or not scenario.service or scenario.cause:
            return town, scenario.service, scenario, dice
        fitting = [n for n in town.shop.services if scenario.suits(town.shop, n)]
        return town, dice.choice(fitting) if fitting else "", scenario, dice


def _town(name: str, dice: random.Random) -> Town:
    match name:
        case "blind":
            return _towns.blind(dice)
        case "harder":
            return _towns.harder(dice)
        case _:
            return _towns.standard()


@dataclass(slots=True)
class Outcome:
    """What came of a trial. `acted`: what was carried out, as action:target."""

    trial: Trial
    kind: str = ""
    truth: str = ""
    said: str = ""
    detected: bool = False
    cause_right: bool = False
    plan_right: bool = False
    alone: bool = False
    """policy let the right plan run without a person"""
    asked: tuple[str, ...] = ()
    """why the right plan had to wait for a person, or was left to people"""
    refused: str = ""
    """what Watchkeeper told people when it called them"""
    acted: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """carried out on something that is not the cause"""
    recovered: bool = False
    proven: bool = False
    """Watchkeeper itself says that it recovered"""
    minutes: float = 0.0
    """from the fault to the end, at the pace of the shipped rules"""
    hurt: tuple[str, ...] = ()
    """what still ails at the end"""


@dataclass(slots=True)
class Stage_:
    """A world with everything around it."""

    world: World
    repository: MemoryRepository
    delivery: ContinuousDelivery
    broken_at: float = 0.0

    def tick(self) -> None:
        """A step of the world."""
        self.delivery.sync(self.world.now)
        self.world.advance(_STEP, tick=_STEP)


def staged(trial: Trial, town: Town, dice: random.Random, normal: float) -> Stage_:
    """The world with some normal life behind it. The usual town's is the same for all scenarios of a seed: lived once."""
    if town.shop is not shop.SHOP:
        return _lived(trial, town, _towns.LOAD if trial.town == "blind" else dice.uniform(45, 75), normal)
    found: Stage_ = pickle.loads(_usual(trial.seed, normal))  # noqa: S301 - our own bytes of this process
    return found


@lru_cache(maxsize=8)
def _usual(seed: int, normal: float) -> bytes:
    load = random.Random(f"load {seed}").uniform(45, 75)
    return pickle.dumps(_lived(Trial(HEALTHY, seed), _towns.standard(), load, normal))


def _proxy(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)


copyreg.pickle(MappingProxyType, lambda proxy: (_proxy, (dict(proxy),)))


def _lived(trial: Trial, town: Town, load: float, normal: float) -> Stage_:
    start = 1_750_000_000.0 + 7919 * trial.seed
    traces = 2.0 if town.traces else 0.0
    world = World(seed=trial.seed, start=start, load=load, startup=2.0, traces_per_second=traces, topology=town.shop)
    repository = MemoryRepository.of(town.shop.manifests())
    world.release, world.edit, world.declare = (
        partial(release, repository),
        partial(edit, repository),
        partial(declare, repository),
    )
    if town.gaps:
        world.noise.append(_towns.gappy(random.Random(trial.seed), town.gaps))
    if not town.logs:
        world.logs.append = lambda lines: None  # type: ignore[method-assign]
    if town.twin:
        _twin(world, town.twin)
    stage = Stage_(world, repository, ContinuousDelivery(repository, world.cluster))
    stage.delivery.sync(world.now)
    world.advance(normal, tick=_TICK)
    return stage


def _twin(world: World, name: str) -> None:
    """The same name in another namespace: a workload of somebody else."""
    for document in yaml.safe_load_all(shop.manifest(world.shop.services[name], "staging")):
        world.cluster.apply(document, manager="staging", now=world.now)


def rival(trial: Trial) -> Outcome:
    """Do nothing, or restart the loudest service once: no telemetry is read, so little of it is made."""
    town, service, scenario, dice = trial.built()
    stage = staged(trial, town, dice, 60.0)
    health = Health.of(stage.world)
    out = Outcome(trial)
    if scenario is not None:
        scenario.start(stage.world, 4.0, service)
    began, restarted = stage.world.now, False
    while stage.world.now < began + _HORIZON / 2:
        stage.tick()
        if trial.player == "restart" and not restarted and stage.world.now >= began + _LOUD:
            restarted = True
            _restart_loudest(stage.world, health)
    out.hurt = ailing(stage.world, health)
    out.recovered = not out.hurt
    return out


def _restart_loudest(world: World, health: Health) -> None:
    """As a script would: whoever fails most, or is slowest beside its past."""
    states = world.engine.states
    loudest = max(
        states, key=lambda n: states[n].errors + 0.1 * states[n].latency / max(health.latency.get(n, 1e-3), 1e-3)
    )
    for pod in world.cluster.find("Pod", world.shop.namespace, {"app": loudest}):
        world.cluster.delete("Pod", world.shop.namespace, pod["metadata"]["name"], now=world.now)


async def perform(trial: Trial, databases: EmbeddedDatabase) -> Outcome:
    """The whole loop: alerts in, evidence read by the real adapters, plans, policy, pull request, rollout, proof."""
    town, service, scenario, dice = trial.built()
    stage = staged(trial, town, dice, _NORMAL)
    world = stage.world
    health = Health.of(world)
    out = Outcome(trial, scenario.kind if scenario else "none", scenario.truth(service) if scenario else "")
    async with AsyncExitStack() as stack:
        github = GitHub(stage.repository, lambda: world.now)
        house = await stack.enter_async_context(_house(stage, github, town, databases, trial))
        rules = RuleEngine(world.metrics, scaled(_rules(), SCALE), partial(_deliver, house, world))
        if scenario is not None:
            scenario.start(world, 4.0, service)
        began = world.now
        ended: float | None = None
        while world.now < began + _HORIZON and (ended is None or world.now < ended + _AFTERWARDS):
            stage.tick()
            if round(world.now - began) % _POLL == 0:
                await rules.evaluate(world.now)
            if round(world.now - began) % _POLL == 0:
                incidents = await _move(house)
                out.detected = out.detected or bool(incidents)
                done = bool(incidents) and all(i.stage in _ENDS for i in incidents)
                quiet = not incidents and world.now > began + _FIRST
                ended = (ended or world.now) if done or quiet else None
        await _judge(house, scenario, out)
        out.minutes = round(((ended or world.now) - began) / SCALE / 60, 1)
        out.hurt = ailing(world, health)
        out.recovered = not out.hurt
    return out


_ENDS = (Stage.RESOLVED, Stage.ESCALATED, Stage.ROLLED_BACK)


async def _deliver(house: House, world: World, body: dict[str, Any]) -> int:
    delivery = Delivery(json.dumps(body).encode(), {}, {}, FixedClock(world).now())
    await receive_alerts(house, alertmanager.read(delivery))
    return 200


async def _move(house: House) -> list[Incident]:
    """Each incident one step further; a person says yes where policy asks for one."""
    incidents = list((await house.store.list_incidents(limit=50)).items)
    for incident in incidents:
        if incident.stage is Stage.AWAITING_APPROVAL:
            await _agree(house, incident)
        if incident.stage not in _ENDS or incident.stage is Stage.ESCALATED:
            try:
                await advance(house, incident.id)
            except WatchkeeperError as error:
                # As at the job boundary: what may pass is tried again at the next round.
                if not (error.retryable or isinstance(error, Conflict)):
                    raise
    return list((await house.store.list_incidents(limit=50)).items)


async def _agree(house: House, incident: Incident) -> None:
    async with house.store.transaction() as tx:
        record = next((r for r in await tx.plans_of(incident.id) if r.state is PlanState.PROPOSED), None)
    if record is not None:
        try:
            await decide(
                house, record.plan.id, digest=record.plan.digest, decision=Decision.APPROVED, by="drill", role=Role.ADMIN,
                door="cli", reason="drill",
            )  # fmt: skip
        except (Conflict, NotAllowed):
            return


async def _judge(house: House, scenario: Scenario | None, out: Outcome) -> None:
    incidents = list((await house.store.list_incidents(limit=50)).items)
    records: list[PlanRecord] = []
    async with house.store.transaction() as tx:
        for incident in incidents:
            records += await tx.plans_of(incident.id)
            out.refused = out.refused or await _called(tx, incident.id)
    said = [(i.cause_service, i.cause_kind) for i in incidents if i.cause_kind]
    out.said = ", ".join(f"{s}/{k}" for s, k in said)
    out.proven = bool(incidents) and all(i.stage is Stage.RESOLVED for i in incidents)
    for record in records:
        target = record.plan.target.name
        done = "merge_sha" in record.facts or record.state in (PlanState.APPLIED, PlanState.SUCCEEDED, PlanState.UNDONE)
        label = f"{record.plan.action}:{record.plan.target.namespace}/{target}"
        right = scenario is not None and _right(scenario, record, out.truth)
        out.plan_right = out.plan_right or right
        if right and not isinstance(record.verdict, AutoApproved):
            out.asked = record.verdict.because
        out.alone = out.alone or (right and isinstance(record.verdict, AutoApproved))
        if done and not isinstance(record.verdict, Denied):
            out.acted.append(label)
            if out.kind == "none" or harmed(record, out.truth):
                out.wrong.append(label)
    if out.kind == "none":
        out.cause_right = not any(k not in ("", "none") for _, k in said)
    elif scenario is not None:
        out.cause_right = any(k in scenario.kinds and out.truth in ("", s) for s, k in said[-1:] or said)
        if not scenario.action and not scenario.cures:
            out.plan_right = not out.acted


async def _called(tx: Transaction, incident_id: str) -> str:
    return next((e.text for e in await tx.events(incident_id) if e.kind == "incident.escalated"), "")


def _right(scenario: Scenario, record: PlanRecord, truth: str) -> bool:
    named = record.plan.action in (scenario.action, *scenario.cures)
    return named and not harmed(record, truth)


def _rules() -> str:
    return files("watchkeeper").joinpath("simulate/sre-alerts.yaml").read_text(encoding="utf-8")


@asynccontextmanager
async def _house(
    stage: Stage_, github: GitHub, town: Town, databases: EmbeddedDatabase, trial: Trial
) -> AsyncIterator[House]:
    world = stage.world
    apps = {
        "prometheus": prometheus_api.app(world.metrics, lambda: world.now, None, started=world.now - _NORMAL),
        "loki": loki_api.app(world.logs, lambda: world.now), "tempo": tempo_api.app(world.spans, lambda: world.now),
        "kubernetes": kubernetes_api.app(world.cluster, lambda: world.now), "github": github.app(),
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(serving(apps))
        github.url = urls["github"]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-drill-")))
        (folder / "kubeconfig").write_text(kubernetes_api.kubeconfig(urls["kubernetes"]))
        url = databases.url(f"drill_{trial.town}_{trial.scenario}_{trial.seed}")
        migrate(url)
        store = PostgresStore.open(url, pool_size=3)
        house = front.build_house(_settings(urls, folder, github, town), store, FixedClock(world), MemoryLedger())
        try:
            yield house
        finally:
            for source in house.sources:
                await source.close()
            if house.codehost is not None:
                await house.codehost.aclose()
            await store.close()


def _settings(urls: dict[str, str], folder: Path, github: GitHub, town: Town) -> Settings:
    plain = town.shop.plain_pods
    return Settings.model_validate(
        {
            "sources": {
                "prometheus": {"url": urls["prometheus"], "rate_window_seconds": 10, "step_seconds": 5, "budget": _ENDLESS},
                "loki": {"url": urls["loki"], "budget": _ENDLESS}, "tempo": {"url": urls["tempo"], "max_traces": 120, "budget": _ENDLESS},
                "kubernetes": {"kubeconfig": str(folder / "kubeconfig"), "budget": _ENDLESS},
            },
            "delivery": {"url": urls["github"], "repository": github.repository},
            "entities": {"calls": [] if plain else [list(c) for c in town.shop.calls]},
            "evidence": {"normal_minutes": 6, "lead_minutes": 0.25, "settle_seconds": 14},
            "remediation": {
                "dry_run": False, "require_human_approval": [], "autonomy": [{"action": "*"}], "approval_timeout_minutes": 5,
                "checks_timeout_minutes": 0.5, "deploy_timeout_minutes": 0.7, "verify_after_seconds": 6,
                "verify_timeout_minutes": 1, "verify_healthy_seconds": 8, "poll_seconds": _POLL,
            },
        }
    )  # fmt: skip


_ENDLESS = {
    "queries_per_minute": 100_000,
    "queries_per_incident": 100_000,
    "bytes_per_incident": 10**10,
    "series_per_incident": 10**6,
    "seconds_per_incident": 10**4,
}
