"""Traffic: far more requests than ever before, with the service near what it can carry; or work that piles up in a queue."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.impact import SURGE
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal


def examine(case: Case) -> list[Finding]:
    """Surges only where CPU is high as well: more requests that are carried are no fault."""
    busy = {s: max(x.top for x in found) for s, found in case.of("cpu-rate").items()}
    found = []
    for service, shifts in case.of("workload").items():
        shift = max(shifts, key=lambda s: s.top / max(s.high, 1e-9))
        ratio = shift.top / max(shift.high, 1e-9)
        if ratio >= SURGE and busy.get(service, 0.0) > 80 and shift.high > 0:
            words = f"{service} gets {shift.top:.3g} requests/s, before {shift.normal:.3g}, and has {busy[service]:.0f} % of its CPU in use"
            found.append(
                _tell(
                    "overload",
                    service,
                    "workload",
                    (ratio - 1) / ratio,
                    words,
                    shift.normal,
                    shift.top,
                    shift.series.query,
                )
            )
    for service, shifts in case.of("queue").items():
        shift = max(shifts, key=lambda s: s.top)
        if shift.top > 10 * max(shift.high, 10):
            words = f"{shift.top:.0f} messages wait at {service}, before {shift.normal:.0f}"
            found.append(
                _tell("queue_backlog", service, "queue", 0.8, words, shift.normal, shift.top, shift.series.query)
            )
    return strongest(found)


def _tell(
    kind: str, service: str, metric: str, strength: float, words: str, before: float, during: float, query: str
) -> Finding:
    return finding(
        "traffic",
        kind,
        service,
        metric,
        strength,
        words,
        signal=Signal.METRICS,
        before=before,
        during=during,
        query=query,
    )


ANALYZER = Analyzer("traffic", Signal.METRICS, examine)
