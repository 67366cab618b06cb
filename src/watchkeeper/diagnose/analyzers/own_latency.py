"""Slower answers: what the service adds itself, after subtracting what its slowest callee explains."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, Shift, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_HALF_SECONDS = 0.2
_METRICS = ("latency-95", "latency-90", "latency-99", "latency", "latency-50")


def examine(case: Case) -> list[Finding]:
    """The worst suspect row above the past's 95th percentile, in seconds, less the worst callee's."""
    shifts = {s: max(found, key=_rise) for s, found in case.of(*_METRICS).items()}
    rises = {s: _rise(shift) for s, shift in shifts.items()}
    found = []
    for service, shift in shifts.items():
        callees = case.topology.callees.get(service, frozenset())
        own = rises[service] - max((rises.get(c, 0.0) for c in callees), default=0.0)
        if own <= 0.005 or shift.top < shift.normal + 4 * shift.spread:
            continue
        words = f"{service} answers in {shift.top:.3g} s, before {shift.normal:.3g} s; {own:.3g} s are its own"
        found.append(
            finding(
                "own_latency",
                "latency",
                service,
                shift.series.metric,
                own / (own + _HALF_SECONDS),
                words,
                signal=Signal.METRICS,
                before=shift.normal,
                during=shift.top,
                unit="s",
                query=shift.series.query,
            )  # fmt: skip
        )
    return strongest(found)


def _rise(shift: Shift) -> float:
    return max(shift.top - shift.high, 0.0)


ANALYZER = Analyzer("own_latency", Signal.METRICS, examine)
