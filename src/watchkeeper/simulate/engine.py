"""What happens inside the containers: a queueing model, one step at a time. Implements ports.Runtime.

Each step: load flows from the entry down the call graph, shared over ready pods; then latency and errors flow back up.
Utilisation stretches service time as in an M/M/1 queue; a connection pool is a second server in front of the database;
memory follows a slow curve; a limit that is reached ends the container. Deterministic by seed; O(pods) a step.
"""

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from watchkeeper.simulate.effects import NOTHING, Curse, Effects
from watchkeeper.simulate.ports import Container, Exit, LogLine, Usage
from watchkeeper.simulate.shop import SHOP, Service, Shop

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latency histograms, seconds."""
TIMEOUT = 3.0
"""Seconds after which a caller gives up."""
_SPREAD = 0.45
"""Sigma of the log-normal latency."""
MIB = 2.0**20


@dataclass(slots=True)
class Histogram:
    """Counters of one latency histogram."""

    counts: list[float] = field(default_factory=lambda: [0.0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def observe(self, number: float, mean: float) -> None:
        """`number` observations, log-normal around `mean` seconds."""
        middle = math.log(max(mean, 1e-5)) - _SPREAD**2 / 2
        for n, bound in enumerate(BUCKETS):
            share = 0.5 * (1 + math.erf((math.log(bound) - middle) / (_SPREAD * math.sqrt(2))))
            self.counts[n] += number * share
        self.counts[-1] += number
        self.total += number * mean


@dataclass(slots=True)
class Counted:
    """Requests of one kind: by outcome, with their latency."""

    good: float = 0.0
    bad: float = 0.0
    latency: Histogram = field(default_factory=Histogram)

    def add(self, requests: float, errors: float, mean: float) -> None:
        """`errors` is a share."""
        self.good += requests * (1 - errors)
        self.bad += requests * errors
        self.latency.observe(requests, mean)


@dataclass(slots=True)
class Pod:
    """One running container."""

    container: Container
    started: float
    effects: Effects
    served: Counted = field(default_factory=Counted)
    called: dict[str, Counted] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    throttled: float = 0.0
    periods: float = 0.0
    cpu_now: float = 0.0
    memory: float = 0.0
    pool_active: float = 0.0
    pool_timeouts: float = 0.0
    received: float = 0.0
    sent: float = 0.0
    exit: Exit | None = None
    lines: list[LogLine] = field(default_factory=list)

    @property
    def pool_size(self) -> int:
        """From its environment."""
        said = self.container.env.get("DB_POOL_SIZE", "")
        return int(said) if said.isdigit() else 0


@dataclass(frozen=True, slots=True)
class State:
    """A service over the last step."""

    rps: float = 0.0
    own: float = 0.0
    """seconds of its own"""
    latency: float = 0.0
    """seconds in all"""
    own_errors: float = 0.0
    errors: float = 0.0
    waiting: float = 0.0
    """requests that wait for a connection"""
    cut: float = 0.0
    """share of requests that return before their calls"""


@dataclass(frozen=True, slots=True)
class Severed:
    """Calls that do not arrive: they fail after so many seconds, and the caller's log says why."""

    seconds: float
    words: str


class Engine:
    """All containers."""

    def __init__(self, seed: int = 1, load: float = 60.0, shop: Shop = SHOP) -> None:
        self.shop = shop
        self.random = random.Random(seed)
        self.load = load
        """requests/s at the entry"""
        self.pods: dict[str, Pod] = {}
        self.states: dict[str, State] = {name: State() for name in shop.services}
        self.faults: dict[str, tuple[Effects, float]] = {}
        """service -> what ails it now, whatever its containers, and since when"""
        self.curses: list[Curse] = []
        self.missing_images: set[str] = set()
        self.edge_delay: dict[str, float] = {}
        """service -> seconds lost on every call to or from it"""
        self.severed: dict[tuple[str, str], Severed] = {}
        """(caller, callee) -> how calls fail before they arrive; a caller "*" is everybody"""
        self.dark_nodes: set[str] = set()
        """machines that do not answer"""
        self.queue_messages = 3.0
        self._previous: dict[str, list[LogLine]] = {}

    # --- ports.Runtime ---------------------------------------------------------------------------------------

    def start(self, container: Container, now: float) -> None:
        """A container begins, under the curses that fit it."""
        effects = NOTHING
        for curse in self.curses:
            if curse.fits(container):
                effects = effects.with_(curse.effects)
        before = self.pods.get(container.uid)
        if before is not None:
            self._previous[container.uid] = before.lines
        service = self.shop.services.get(container.owner) if container.namespace == self.shop.namespace else None
        base = service.memory if service else 32.0
        self.pods[container.uid] = Pod(container, now, effects, memory=0.7 * base * MIB)

    def stop(self, uid: str, now: float) -> None:
        """A container is taken away."""
        self.pods.pop(uid, None)

    def ready(self, uid: str, now: float) -> bool:
        """A second after its start, unless something keeps it from it."""
        pod = self.pods.get(uid)
        if pod is None or pod.container.node in self.dark_nodes:
            return False
        return pod.exit is None and not pod.effects.never_ready and now - pod.started >= 1.0

    def exited(self, uid: str, now: float) -> Exit | None:
        """Did it end by itself?"""
        pod = self.pods.get(uid)
        return pod.exit if pod else None

    def usage(self, uid: str) -> Usage:
        """Cores and bytes now."""
        pod = self.pods.get(uid)
        return Usage(pod.cpu_now, pod.memory) if pod else Usage(0.0, 0.0)

    def logs(self, uid: str, *, previous: bool = False) -> list[LogLine]:
        """What it wrote."""
        if previous:
            return self._previous.get(uid, [])
        pod = self.pods.get(uid)
        return pod.lines if pod else []

    def can_pull(self, image: str) -> bool:
        """Is it in the registry?"""
        return image not in self.missing_images

    # --- one step ------------------------------------------------------------------------------------------------

    def step(self, now: float, seconds: float) -> None:
        """`seconds` of life, ending at `now`."""
        ready = self._ready_pods(now)
        loads = self._loads(now, ready)
        for service in reversed(list(self.shop.services.values())):
            self.states[service.name] = self._serve(service, loads[service.name], ready[service.name], now, seconds)
        for name in self.shop.with_role("queue"):
            self._queue(name, seconds)
        self._strangers(now, seconds)

    def of(self, service: str) -> list[Pod]:
        """Its running pods."""
        here = self.shop.namespace
        return [
            p for p in self.pods.values()
            if p.container.owner == service and p.container.namespace == here and p.exit is None
        ]  # fmt: skip

    def _ready_pods(self, now: float) -> dict[str, list[Pod]]:
        out: dict[str, list[Pod]] = {name: [] for name in self.shop.services}
        for pod in self.pods.values():
            c = pod.container
            if c.owner in out and c.namespace == self.shop.namespace and self.ready(c.uid, now):
                out[c.owner].append(pod)
        return out

    def _loads(self, now: float, ready: dict[str, list[Pod]]) -> dict[str, float]:
        season = 1 + 0.08 * math.sin(now / 86400 * 2 * math.pi)
        loads = dict.fromkeys(self.shop.services, 0.0)
        loads[self.shop.entry] = self.load * season * self.random.gauss(1, 0.03)
        for name, service in self.shop.services.items():
            passed = loads[name] if ready[name] else 0.0
            for call in service.calls:
                if self.severance(name, call.callee):
                    continue
                # A request that failed on its own does not get as far as its calls.
                loads[call.callee] += (
                    passed * call.times * (1 - 0.8 * self.states[name].own_errors) * (1 - self.states[name].cut)
                )
        return loads

    def ailing(self, service: str, pod: Pod, now: float) -> Effects:
        """What ails this pod: its own curses and the service's fault, which grows over its `pace`."""
        fault, since = self.faults.get(service, (NOTHING, 0.0))
        grown = min(max((now - since) / fault.pace, 0.0), 1.0) if fault.pace > 0 else 1.0
        return pod.effects.with_(fault.scaled(grown))

    def _serve(self, service: Service, rps: float, pods: list[Pod], now: float, seconds: float) -> State:
        if not pods:
            self._idle(service, now, seconds)
            return State(rps=rps, latency=0.002, own_errors=1.0 if rps else 0.0, errors=1.0 if rps else 0.0)
        below, wait_errors = self._below(service)
        each = rps / len(pods)
        parts = [self._pod(service, pod, each, below, now, seconds) for pod in pods]
        own = sum(p[0] for p in parts) / len(parts)
        own_errors = sum(p[1] for p in parts) / len(parts)
        errors = 1 - (1 - own_errors) * (1 - wait_errors)
        self._idle(service, now, seconds, skip={p.container.uid for p in pods})
        cut = sum(self.ailing(service.name, pod, now).early_return for pod in pods) / len(pods)
        return State(rps, own, own + below * (1 - cut), own_errors, min(errors, 1.0), sum(p[2] for p in parts), cut)

    def _below(self, service: Service) -> tuple[float, float]:
        """Seconds and error share that callees add to one request."""
        seconds, passed = 0.0, 1.0
        for call in service.calls:
            latency, errors = self._answer(service.name, call.callee)
            seconds += call.times * min(latency, TIMEOUT)
            passed *= (1 - min(errors, 1.0)) ** min(call.times, 1.0)
        return seconds, 1 - passed

    def severance(self, caller: str, callee: str) -> Severed | None:
        """How calls of one to the other fail on the way; None: they arrive."""
        return self.severed.get((caller, callee)) or self.severed.get(("*", callee)) or self.severed.get(("*", "*"))

    def _answer(self, caller: str, callee: str) -> tuple[float, float]:
        """Seconds and error share of one call, as the caller sees it."""
        cut = self.severance(caller, callee)
        if cut is not None:
            return cut.seconds, 1.0
        state = self.states[callee]
        delay = self.edge_delay.get(caller, 0.0) + self.edge_delay.get(callee, 0.0)
        return state.latency + delay + 0.0008, state.errors

    def _pod(
        self, service: Service, pod: Pod, rps: float, below: float, now: float, seconds: float
    ) -> tuple[float, float, float]:
        ill = self.ailing(service.name, pod, now)
        limit = pod.container.cpu_limit or 8.0
        demand = rps * service.cpu_milliseconds / 1000 * ill.cpu_factor + 0.01
        busy = demand / limit
        own = service.milliseconds / 1000 * ill.latency_factor / max(1 - min(busy, 0.98), 0.02)
        errors = ill.error_rate + (max(busy - 1, 0.0) / busy if busy > 1 else 0.0)
        if busy > 1:
            own += min((busy - 1) * 4, TIMEOUT)
        waited, gave_up, waiting = self._pool(service, pod, rps, ill)
        own, errors = own + waited, 1 - (1 - errors) * (1 - gave_up)
        own *= self.random.gauss(1, 0.03)
        self._memory(service, pod, ill, rps, now)
        self._count(service, pod, rps, own + below, errors, seconds)
        if ill.lives and now - pod.started >= ill.lives:
            pod.exit = Exit("Error", 1)
        pod.cpu_now = min(demand, limit) * self.random.gauss(1, 0.02)
        pod.cpu_seconds += max(pod.cpu_now, 0) * seconds
        pod.periods += 10 * seconds
        pod.throttled += 10 * seconds * min(max(busy - 0.85, 0.0) / 0.15, 1.0)
        pod.pool_timeouts += rps * gave_up * seconds
        return own, min(errors, 1.0), waiting

    def _pool(self, service: Service, pod: Pod, rps: float, ill: Effects) -> tuple[float, float, float]:
        """Seconds a request waits for a connection, the share that gives up, and how many wait."""
        size = pod.pool_size
        if not size:
            return 0.0, 0.0, 0.0
        databases = [c for c in service.calls if self.shop.services[c.callee].role == "database"]
        hold = sum(c.times * (min(self._answer(service.name, c.callee)[0], TIMEOUT) + 0.02) for c in databases)
        needed, left = rps * hold, max(size - ill.leaked, 0.3)
        busy = needed / left
        pod.pool_active = min(ill.leaked + needed * self.random.gauss(1, 0.05), size) if busy < 1 else float(size)
        if busy < 0.97:
            return hold * busy**4 / (1 - busy) * 0.2, 0.0, 0.0
        gave_up = min(max(1 - 1 / busy, 0.05), 0.9)
        return min(hold + 1.2 * busy, TIMEOUT), gave_up, needed - left

    def _memory(self, service: Service, pod: Pod, ill: Effects, rps: float, now: float) -> None:
        normal = (service.memory + 0.3 * rps) * MIB
        since = max(self.faults.get(service.name, (NOTHING, 0.0))[1], pod.started)
        grown = (
            ill.memory_growth * MIB * (1 - math.exp(-(now - since) / ill.memory_seconds)) if ill.memory_growth else 0.0
        )
        warm = 1 - 0.3 * math.exp(-(now - pod.started) / 30)
        pod.memory = (normal * warm + grown) * self.random.gauss(1, 0.004)
        limit = pod.container.memory_limit
        if limit and pod.memory >= limit:
            pod.exit = Exit("OOMKilled", 137)

    def _count(self, service: Service, pod: Pod, rps: float, latency: float, errors: float, seconds: float) -> None:
        below_errors = self._below(service)[1]
        requests = rps * seconds
        pod.served.add(requests, min(1 - (1 - errors) * (1 - below_errors), 1.0), min(latency, 2 * TIMEOUT))
        for call in service.calls:
            seconds_, failed = self._answer(service.name, call.callee)
            counted = pod.called.setdefault(call.callee, Counted())
            counted.add(requests * call.times * (1 - 0.8 * errors), failed, min(seconds_, TIMEOUT))
        pod.received += requests * 900
        pod.sent += requests * 4200

    def _idle(self, service: Service, now: float, seconds: float, skip: set[str] | None = None) -> None:
        for pod in self.of(service.name):
            if pod.container.uid not in (skip or set()):
                pod.cpu_now = 0.01
                pod.cpu_seconds += 0.01 * seconds
                ill = self.ailing(service.name, pod, now)
                self._memory(service, pod, ill, 0.0, now)
                if ill.lives and now - pod.started >= ill.lives:
                    pod.exit = Exit("Error", 1)

    def _queue(self, name: str, seconds: float) -> None:
        arriving = self.states[name].rps
        taken = arriving * 1.1 if any(self.of(c) for c in self.shop.callers(name)) else 0.0
        self.queue_messages = max(self.queue_messages + (arriving - taken) * seconds, 2 + self.random.random() * 3)

    def _strangers(self, now: float, seconds: float) -> None:
        """Containers that serve no requests of the shop: jobs, system pods, whatever people run."""
        for pod in self.pods.values():
            c = pod.container
            if pod.exit is not None or (c.owner in self.shop.services and c.namespace == self.shop.namespace):
                continue
            ill = pod.effects
            wanted = _stress(c.args)
            pod.cpu_now = 1.0 if wanted else 0.01 * ill.cpu_factor
            pod.cpu_seconds += pod.cpu_now * seconds
            pod.periods += 10 * seconds
            pod.memory = max(32 * MIB, min(wanted * (now - pod.started + 1) / 3, wanted)) + ill.memory_growth * MIB
            if c.memory_limit and pod.memory >= c.memory_limit:
                pod.exit = Exit("OOMKilled", 137)
            elif ill.lives and now - pod.started >= ill.lives:
                pod.exit = Exit("Error", 1, ill.exception)


def _stress(args: Sequence[str]) -> float:
    """Bytes that the program `stress` is told to fill: `--vm-bytes 512M`."""
    said = next((b for a, b in itertools.pairwise(args) if a == "--vm-bytes"), "")
    units = {"K": 2.0**10, "M": MIB, "G": 2.0**30}
    return float(said[:-1]) * units[said[-1].upper()] if said[:-1].isdigit() and said[-1].upper() in units else 0.0
