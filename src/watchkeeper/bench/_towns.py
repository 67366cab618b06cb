"""Random topologies, and what spoils their signals: 8 to 60 services with random names, limits, gaps and blind spots."""

import math
import random
from dataclasses import dataclass, replace

from watchkeeper.simulate.ports import MetricSample
from watchkeeper.simulate.shop import SHOP, Call, Service, Shop
from watchkeeper.simulate.world import MetricNoise

_SYLLABLES = (
    "ar",
    "bel",
    "cor",
    "dun",
    "es",
    "fen",
    "gil",
    "hol",
    "ist",
    "jor",
    "kal",
    "lum",
    "mir",
    "nor",
    "ost",
    "pel",
    "qua",
    "ril",
    "sor",
    "tam",
    "ul",
    "ven",
    "wyr",
    "zan",
)
_ROLES = ("database", "cache", "queue")
LOAD = 60.0


@dataclass(frozen=True, slots=True)
class Town:
    """A topology and how badly it is watched."""

    shop: Shop
    traces: bool = True
    logs: bool = True
    gaps: float = 0.0
    """share of a target's scrapes that are lost"""
    twin: str = ""
    """a service whose name also stands in another namespace"""


def standard() -> Town:
    """The shop as everybody knows it."""
    return Town(SHOP)


def blind(dice: random.Random) -> Town:
    """Random in everything."""
    return Town(
        _topology(dice, dice.randint(8, 60)), traces=dice.random() > 0.25, logs=dice.random() > 0.25,
        gaps=dice.choice((0.0, 0.01, 0.04)),
    )  # fmt: skip


def harder(dice: random.Random) -> Town:
    """Nothing but pod names, programs that call themselves otherwise, half of them untraced, one name in two namespaces."""
    services = dict(SHOP.services)
    for name in dice.sample(sorted(services), len(services) // 2):
        services[name] = replace(services[name], traced=False)
    return Town(
        Shop(services, SHOP.entry, plain_pods=True), twin=dice.choice(["cart", "payment", "catalogue", "shipping"])
    )


def _topology(dice: random.Random, count: int) -> Shop:
    """A tree of services, with stores at the leaves and some calls across."""
    names = _names(dice, count)
    stores = [*_ROLES, *(dice.choice(_ROLES[:2]) for _ in range(count // 12))]
    inner = names[: count - len(stores)]
    calls: dict[str, list[Call]] = {n: [] for n in names}
    rate = {inner[0]: LOAD}
    for place, name in enumerate(inner[1:], 1):
        parent = inner[dice.randrange(max(0, place - 6), place)]
        times = round(dice.uniform(0.25, 0.9), 2)
        calls[parent].append(Call(name, times, f"GET /{name}"))
        rate[name] = rate[parent] * times
    for name, role in zip(names[len(inner) :], stores, strict=True):
        for caller in dice.sample(inner[1:], min(dice.randint(1, 3), len(inner) - 1)):
            times = round(dice.uniform(0.5, 1.2), 2)
            calls[caller].append(Call(name, times, {"database": "SELECT", "queue": "publish"}.get(role, "GET")))
            rate[name] = rate.get(name, 0.0) + rate[caller] * times
    roles = {**dict.fromkeys(inner, ""), **dict(zip(names[len(inner) :], stores, strict=True))}
    services = {n: _service(dice, n, roles[n], calls[n], rate[n], roles) for n in names}
    return Shop(services, inner[0], namespace=f"{dice.choice(_SYLLABLES)}{dice.choice(_SYLLABLES)}")


def _service(
    dice: random.Random, name: str, role: str, calls: list[Call], rate: float, roles: dict[str, str]
) -> Service:
    replicas = 1 if role else dice.randint(2, 3)
    work = dice.uniform(0.3, 1.5) if role else dice.uniform(1.5, 6.0)
    limit = max(round(rate * work / 1000 / replicas / dice.uniform(0.2, 0.35), 2), 0.1)
    memory = dice.uniform(80, 400)
    each = memory + 0.3 * rate / replicas
    queries = sum(c.times for c in calls if roles[c.callee] == "database")
    pool = max(math.ceil(rate / replicas * queries * 0.03 / 0.3), 4) if queries else 0
    return Service(
        name, tuple(calls), milliseconds=round(dice.uniform(0.5, 9.0), 1), cpu_milliseconds=round(work, 2), replicas=replicas,
        cpu_limit=limit, memory=round(memory), memory_limit=math.ceil(each * dice.uniform(1.5, 1.8) / 16) * 16, pool_size=pool,
        operation=f"GET /{name}", logs=dice.choice(("json", "logfmt", "java", "plain")), role=role,
    )  # fmt: skip


def _names(dice: random.Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        words = "".join(dice.sample(_SYLLABLES, dice.randint(2, 3)))
        found[dice.choice((words, f"{words}-{dice.choice(('api', 'svc', 'worker', 'gate'))}"))] = None
    return list(found)


def gappy(dice: random.Random, share: float) -> MetricNoise:
    """Whole targets miss a scrape now and then."""

    def arrives(now: float, samples: list[MetricSample]) -> list[MetricSample]:
        lost = {
            t for t in {s.labels.get("instance", "") for s in samples} if t.endswith(":8080") and dice.random() < share
        }
        return [
            s
            for s in samples
            if s.labels.get("instance", "") not in lost or s.labels.get("job") == "kube-state-metrics"
        ]

    return arrives
