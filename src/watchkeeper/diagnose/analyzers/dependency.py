"""Something outside: calls to a peer that none of our telemetry covers began to fail or to take long."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, Shift, finding, strongest
from watchkeeper.diagnose.impact import outside
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_HALF_POINTS = 3.0
_HALF_SECONDS = 0.4


def examine(case: Case) -> list[Finding]:
    """One finding a peer: the caller that loses most by it tells."""
    worst: dict[str, Finding] = {}
    for metric, half, unit in (("client-error-rate", _HALF_POINTS, "%"), ("client-latency-95", _HALF_SECONDS, "s")):
        for caller, peers in outside(case, metric).items():
            for peer, shift in peers.items():
                told = _finding(caller, peer, shift, half, unit)
                if peer not in worst or told.strength > worst[peer].strength:
                    worst[peer] = told
    return strongest(worst.values(), 0.15)


def _finding(caller: str, peer: str, shift: Shift, half: float, unit: str) -> Finding:
    lost = max(shift.sustained - shift.high, 0.0)
    what = f"{shift.sustained:.0f} % of them fail" if unit == "%" else f"they take {shift.sustained:.2g} s"
    before = f"{shift.normal:.0f} %" if unit == "%" else f"{shift.normal:.2g} s"
    words = f"calls of {caller} to {peer}, which we do not watch: {what}, before {before}"
    return finding(
        "dependency", "dependency", peer, shift.series.metric, lost / (lost + half), words, signal=Signal.METRICS,
        before=shift.normal, during=shift.sustained, unit=unit, query=shift.series.query,
    )  # fmt: skip


ANALYZER = Analyzer("dependency", Signal.METRICS, examine)
