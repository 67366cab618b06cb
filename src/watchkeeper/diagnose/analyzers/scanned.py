"""What the scanner noted: signals that left their own usual range over days, and limits that will be reached."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_KINDS = {
    "error-rate": "errors", "latency-50": "latency", "latency-95": "latency", "client-latency-95": "latency",
    "client-error-rate": "errors", "cpu": "cpu", "cpu-rate": "cpu", "cpu-throttled": "cpu", "mem-rate": "memory",
    "pool-rate": "pool_exhausted", "pool-timeouts": "pool_exhausted", "queue": "queue_backlog", "disk-rate": "storage",
    "restarts": "crash", "workload": "traffic_loss", "replicas-ready": "crash",
}  # fmt: skip
_DEPARTURE, _LIMIT = 0.1, 0.3
"""Weights: it corroborates what the other analyzers see in the window, and outranks none of them."""


def examine(case: Case) -> list[Finding]:
    """At most two findings a service: its greatest departure, and the nearest limit."""
    found: dict[tuple[str, str], Finding] = {}
    before: float | None
    for sighting in case.evidence.sightings:
        if sighting.crossing is not None:
            one = sighting.crossing
            metric, strength, before, now = one.metric, _LIMIT, None, one.value
        else:
            if not sighting.departures:
                continue
            most = max(sighting.departures.values(), key=lambda d: (d.size, d.metric))
            metric, before, now = most.metric, most.usual, most.value
            strength = _DEPARTURE * most.size / (most.size + 1)
        kind = _KINDS.get(metric, "")
        key = (sighting.service, sighting.kind)
        if kind and (key not in found or strength > found[key].strength):
            found[key] = finding(
                "scanned", kind, sighting.service, metric, strength, f"the scanner: {sighting.words}",
                signal=Signal.METRICS, before=before, during=now,
            )  # fmt: skip
    return strongest(found.values())


ANALYZER = Analyzer("scanned", Signal.METRICS, examine)
