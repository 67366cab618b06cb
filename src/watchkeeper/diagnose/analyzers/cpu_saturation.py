"""CPU: the share of the limit the service burns, against its own past. Percent of a limit compare across services."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, Shift, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Origin, Signal

_HALF_POINTS = 15.0
"""Percentage points of the limit above normal that count half."""

_NEAR = 80.0
"""Percent of the limit from which CPU is scarce."""


def examine(case: Case) -> list[Finding]:
    """One finding a service, on its percentage of the limit; on millicores where no limit is known."""
    limited = case.of("cpu-rate")
    found = [_of_limit(service, shifts) for service, shifts in limited.items()]
    found += [_of_past(s, shifts) for s, shifts in case.of("cpu").items() if s not in limited]
    return strongest(f for f in found if f)


def _of_limit(service: str, shifts: list[Shift]) -> Finding | None:
    shift = max(shifts, key=lambda s: s.sustained - s.high)
    level = shift.sustained
    points = level - shift.high
    if points < 2 or shift.top < shift.normal + 4 * shift.spread:
        return None
    words = f"{service} uses {shift.top:.0f} % of its CPU limit, before {shift.normal:.0f} %"
    return finding(
        "cpu_saturation", "cpu", service, "cpu-rate", points / (points + _HALF_POINTS) * min(level / _NEAR, 1.0), words,
        signal=Signal.METRICS, origin=Origin.CADVISOR, before=shift.normal, during=shift.top, unit="%",
        query=shift.series.query,
    )  # fmt: skip


def _of_past(service: str, shifts: list[Shift]) -> Finding | None:
    shift = max(shifts, key=lambda s: s.top - s.high)
    ratio = shift.top / max(shift.high, 10.0)
    if ratio < 1.5 or shift.top < shift.normal + 6 * shift.spread:
        return None
    words = f"{service} uses {shift.top:.0f} millicores, before {shift.normal:.0f}"
    return finding(
        "cpu_saturation", "cpu", service, "cpu", (ratio - 1) / (ratio + 2), words,
        signal=Signal.METRICS, origin=Origin.CADVISOR, before=shift.normal, during=shift.top, unit="millicores",
        query=shift.series.query,
    )  # fmt: skip


ANALYZER = Analyzer("cpu_saturation", Signal.METRICS, examine)
