"""Disks that are busy nearly all the time: whoever reads or writes there waits."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_BUSY = 90.0
"""Percent of the time."""


def examine(case: Case) -> list[Finding]:
    """One finding a service whose disk became busy."""
    found = []
    for service, shifts in case.of("disk-busy").items():
        shift = max(shifts, key=lambda s: s.newest)
        if shift.newest >= _BUSY > shift.normal:
            words = f"the disk of {service} is busy {shift.newest:.0f} % of the time, before {shift.normal:.0f} %"
            found.append(
                finding(
                    "saturated_disks", "storage", service, "disk-busy", 0.6, words, signal=Signal.METRICS,
                    before=shift.normal, during=shift.newest, unit="%", query=shift.series.query,
                )
            )  # fmt: skip
    return strongest(found)


ANALYZER = Analyzer("saturated_disks", Signal.METRICS, examine)
