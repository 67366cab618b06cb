"""Slower answers: the waiting that a service adds itself, beyond what its slowest callee and the way to it explain."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.analyzers.edge_gap import edge_gaps
from watchkeeper.diagnose.case import Case, Shift, finding, strongest
from watchkeeper.diagnose.impact import loads, own_share, relative, steered
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_HALF_SECONDS = 0.2
_HALF_RATIO = 1.5
_METRICS = ("latency", "latency-95", "latency-90", "latency-99", "latency-50")


def examine(case: Case) -> list[Finding]:
    """Seconds above the past's 95th percentile, times requests: what users wait in sum. Callees are subtracted."""
    shifts = {s: max(found, key=_rise) for s, found in case.of(*_METRICS).items()}
    waited, load = _waited(case), loads(case)
    seconds = {s: max(_rise(x) - waited.get(s, 0.0), 0.0) for s, x in shifts.items()}
    weighed = bool(case.evidence.alerting_service) and case.evidence.alerting_service in load
    amounts = {s: rise * (load.get(s, 0.0) if weighed else 1.0) for s, rise in seconds.items()}
    own = own_share(case, amounts)
    shares = relative(case, own) if weighed else dict.fromkeys(own, 1.0)
    found = []
    for service, amount in own.items():
        shift = shifts[service]
        mine = seconds[service] * amount / amounts[service]
        if mine <= 0.002 or shift.top < shift.normal + 4 * shift.spread:
            continue
        found.append(_finding(shift, mine, shares[service], weighed, steered(case, "latency")))
    return strongest(found)


def _finding(shift: Shift, mine: float, share: float, weighed: bool, steer: float) -> Finding:
    strength = mine / (mine + _HALF_SECONDS)
    if weighed:
        ratio = mine / max(shift.normal, 1e-3)
        strength = max(strength, ratio / (ratio + _HALF_RATIO)) * (0.1 + 0.9 * share)
    service = shift.series.service
    words = f"{service} answers in {shift.top:.3g} s, before {shift.normal:.3g} s; {mine:.3g} s are its own"
    return finding(
        "own_latency", "latency", service, shift.series.metric, strength * steer, words, signal=Signal.METRICS,
        before=shift.normal, during=shift.top, unit="s", query=shift.series.query,
    )  # fmt: skip


def _waited(case: Case) -> dict[str, float]:
    """caller -> seconds it lost on the way to its slowest callee: not its own"""
    out: dict[str, float] = {}
    for caller, _, extra in edge_gaps(case).iter_rows():
        out[caller] = max(out.get(caller, 0.0), extra / 1000)
    return out


def _rise(shift: Shift) -> float:
    return max(shift.top - shift.high, 0.0)


ANALYZER = Analyzer("own_latency", Signal.METRICS, examine)
