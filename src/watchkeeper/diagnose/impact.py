"""How much of the users' trouble can a service account for? Weighed by the requests it serves."""

from collections.abc import Mapping

import numpy as np

from watchkeeper.diagnose.case import Case, Shift

FULL = 90.0
"""Percent of a pool in use from which callers begin to wait."""
SURGE = 1.6
"""Times the past's 95th percentile from which requests are a surge."""
_OTHER_SYMPTOM = 0.4
"""What a finding of the symptom the pager did not name still counts."""


def loads(case: Case) -> Mapping[str, float]:
    """service -> requests it serves from the onset on (median, in the unit of its source)"""
    out: dict[str, float] = {}
    for series in case.evidence.metrics:
        if series.metric == "workload":
            during = series.values[(series.times >= case.onset) & np.isfinite(series.values)]
            if len(during):
                out[series.service] = out.get(series.service, 0.0) + float(np.median(during))
    return out


def more_work(case: Case, service: str) -> float:
    """How many times its former most the service is asked lately or in the newest sample; 1 where nobody counts."""
    found = [x for x in case.of("workload").get(service, ()) if x.high > 0]
    return max((max(x.sustained, x.newest) / x.high for x in found), default=1.0)


def surged(case: Case, service: str) -> bool:
    """Is the service asked far more than ever before, or an entry above it, whose requests may fail before they get here?"""
    callers = case.topology.callers
    above = {s for s in case.topology.upstream(service) if not callers.get(s)}
    return any(more_work(case, s) >= SURGE for s in {service, *above})


def slower_callees(case: Case, service: str) -> float:
    """How many times its former most the slowest direct callee takes now, at least 1."""
    found = case.of("latency", "latency-50", "latency-90", "latency-95")
    return max(
        (x.top / x.high for callee in case.topology.callees.get(service, ()) for x in found.get(callee, ()) if x.high > 0),
        default=1.0,
    )  # fmt: skip


def passes_on(case: Case) -> frozenset[str]:
    """Services whose pool is full only because what they call is slow: by Little's law, who waits longer for each answer
    holds more connections. Their own waiting and errors follow from that."""
    pools = {service: max(found, key=lambda s: s.top) for service, found in case.of("pool-rate").items()}
    return frozenset(
        service for service, pool in pools.items()
        if pool.top >= FULL and pool.normal * slower_callees(case, service) >= FULL
    )  # fmt: skip


def outside(case: Case, metric: str) -> dict[str, dict[str, Shift]]:
    """caller -> peer -> how its calls changed, for peers that no telemetry of ours covers."""
    watched = {s.service for s in case.evidence.metrics} | set(case.evidence.workloads)
    if not case.spans.is_empty():
        watched |= set(case.spans["service"].unique().to_list())
    out: dict[str, dict[str, Shift]] = {}
    for caller, found in case.of(metric).items():
        for shift in found:
            peer = shift.series.labels.get("peer", "")
            if peer and peer not in watched:
                out.setdefault(caller, {})[peer] = shift
    return out


def lost_outside(case: Case, metric: str) -> dict[str, float]:
    """caller -> what its worst peer outside our sight costs it beyond the past's own most, in the unit of the metric"""
    found = outside(case, metric)
    return {s: max(max(x.sustained - x.high, 0.0) for x in peers.values()) for s, peers in found.items()}


def own_share(case: Case, extra: Mapping[str, float]) -> dict[str, float]:
    """service -> its extra less that of the worst service below it, where something is left"""
    out = {}
    for service, amount in extra.items():
        below = max((extra.get(c, 0.0) for c in case.topology.downstream(service) - {service}), default=0.0)
        if amount > max(below, 0.0):
            out[service] = amount - max(below, 0.0)
    return out


def relative(case: Case, own: Mapping[str, float], victims: frozenset[str] = frozenset()) -> dict[str, float]:
    """service -> its amount as a share, at most 1, of the largest among those that can be the cause and are no known victims"""
    largest = max((a for service, a in own.items() if service in case.in_reach - victims), default=0.0)
    return {service: min(amount / largest, 1.0) if largest > 0 else 0.0 for service, amount in own.items()}


def steered(case: Case, *metrics: str) -> float:
    """1 where the pager named a metric of this family or none, less where it named another."""
    named = case.evidence.alerting_metric
    return 1.0 if not named or named.startswith(metrics) else _OTHER_SYMPTOM
