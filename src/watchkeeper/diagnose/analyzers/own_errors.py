"""Errors: availability that falls or an error rate that rises, after subtracting what the worst callee explains."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_HALF_POINTS = 3.0
"""Percentage points of failing requests above normal that count half."""


def examine(case: Case) -> list[Finding]:
    """One finding a service: percentage points of its requests that fail beyond what its callees explain."""
    drops = {s: max(x.low - x.bottom for x in found) for s, found in case.of("availability").items()}
    for service, found in case.of("error-rate").items():
        drops[service] = max(drops.get(service, 0.0), *(x.top - x.high for x in found))
    return strongest(f for s, drop in drops.items() if (f := _finding(case, s, drop, drops)))


def _finding(case: Case, service: str, drop: float, drops: dict[str, float]) -> Finding | None:
    callees = case.topology.callees.get(service, frozenset())
    explained = max((drops.get(c, 0.0) for c in callees), default=0.0)
    own = drop - 0.8 * max(explained, 0.0)
    if drop < 0.5 or own <= 0:
        return None
    metric = "availability" if service in case.of("availability") else "error-rate"
    words = f"{service} fails {drop:.1f} percentage points more of its requests than before"
    if explained > 0.5:
        words += f"; its callees explain {explained:.1f} of them"
    return finding(
        "own_errors", "errors", service, metric, own / (own + _HALF_POINTS), words,
        signal=Signal.METRICS, during=drop, unit="percentage points",
    )  # fmt: skip


ANALYZER = Analyzer("own_errors", Signal.METRICS, examine)
