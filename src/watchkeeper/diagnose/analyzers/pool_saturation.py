"""A connection pool with nothing left: its share in use, and callers that gave up waiting."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.impact import FULL, passes_on, slower_callees
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal


def examine(case: Case) -> list[Finding]:
    """One finding a service whose pool filled up after the onset; stronger where callers gave up."""
    gave_up = {s: max(x.top - x.high for x in found) for s, found in case.of("pool-timeouts").items()}
    victims = passes_on(case)
    found = []
    for service, shifts in case.of("pool-rate").items():
        shift = max(shifts, key=lambda s: s.top)
        if shift.top < FULL or shift.top < shift.high + 10:
            continue
        lost = gave_up.get(service, 0.0)
        words = f"the connection pool of {service} is {shift.top:.0f} % in use, before {shift.normal:.0f} %"
        words += f", and {lost:.2g} waits a second give up" if lost > 0 else ""
        if service in victims:
            words += f"; what it calls takes {slower_callees(case, service):.1f} times as long, which fills a pool of this size"
        found.append(
            finding(
                "pool_saturation", "pool_exhausted", service, "pool-rate", 0.97 if lost > 0 else 0.8, words,
                signal=Signal.METRICS, before=shift.normal, during=shift.top, unit="%", query=shift.series.query,
            )
        )  # fmt: skip
    return strongest(found)


ANALYZER = Analyzer("pool_saturation", Signal.METRICS, examine)
