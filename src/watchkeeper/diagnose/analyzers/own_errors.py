"""Errors: requests a service fails itself, beyond what its worst callee explains."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, Shift, finding, strongest
from watchkeeper.diagnose.impact import loads, lost_outside, own_share, relative, steered
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_HALF_POINTS = 3.0
"""Percentage points of failing requests above normal that count half."""


def examine(case: Case) -> list[Finding]:
    """Percentage points beyond the past's own extremes, times requests: what users lose. Callees are subtracted."""
    worst = {s: max(found, key=_drop) for s, found in case.of("availability", "error-rate").items()}
    beyond = lost_outside(case, "client-error-rate")
    left = {s: _drop(shift) - beyond.get(s, 0.0) for s, shift in worst.items()}
    points = {s: drop for s, drop in left.items() if drop >= 0.5}
    load = loads(case)
    weighed = bool(case.evidence.alerting_service) and case.evidence.alerting_service in load
    amounts = {s: drop * (load.get(s, 0.0) if weighed else 1.0) for s, drop in points.items()}
    own = own_share(case, amounts)
    shares = relative(case, own) if weighed else dict.fromkeys(own, 1.0)
    found = []
    for service, amount in own.items():
        mine = points[service] * amount / amounts[service]
        strength = mine / (mine + _HALF_POINTS) * (0.1 + 0.9 * shares[service]) * steered(case, "availability", "error")
        found.append(_finding(worst[service], points[service], mine, strength))
    return strongest(found)


def _drop(shift: Shift) -> float:
    return shift.low - shift.bottom if shift.series.metric == "availability" else shift.top - shift.high


def _finding(shift: Shift, drop: float, mine: float, strength: float) -> Finding:
    service = shift.series.service
    words = f"{service} fails {drop:.1f} percentage points more of its requests than before"
    if mine < 0.8 * drop:
        words += f"; its callees explain {drop - mine:.1f} of them"
    during = shift.bottom if shift.series.metric == "availability" else shift.top
    return finding(
        "own_errors", "errors", service, shift.series.metric, strength, words, signal=Signal.METRICS,
        before=shift.normal, during=during, unit="%", query=shift.series.query,
    )  # fmt: skip


ANALYZER = Analyzer("own_errors", Signal.METRICS, examine)
