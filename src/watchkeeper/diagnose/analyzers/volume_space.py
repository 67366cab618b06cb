"""Volumes with hardly any room left, by the kubelet's own measure."""

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.objects import service_of_pod
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Origin, Signal

_FULL, _NEAR = 99.0, 92.0
"""Percent in use at which writes fail, and from which it is worth telling."""


def examine(case: Case) -> list[Finding]:
    """One finding a workload that mounts such a volume; the claim itself where nobody known mounts it."""
    mounts = {
        str((v.get("persistentVolumeClaim") or {}).get("claimName", "")): service_of_pod(o)
        for o in case.evidence.objects if o.get("kind") == "Pod" for v in (o.get("spec") or {}).get("volumes") or []
    }  # fmt: skip
    found = []
    for claim, shifts in case.of("disk-rate").items():
        shift = max(shifts, key=lambda s: s.newest)
        if shift.newest < _NEAR or shift.newest < shift.normal + 2:
            continue
        words = f"the volume {claim} is {shift.newest:.0f} % full, before {shift.normal:.0f} %"
        found.append(
            finding(
                "volume_space", "storage", mounts.get(claim, claim), "disk-rate", 0.97 if shift.newest >= _FULL else 0.6, words,
                signal=Signal.METRICS, origin=Origin.CADVISOR, before=shift.normal, during=shift.newest, unit="%",
                query=shift.series.query,
            )
        )  # fmt: skip
    return strongest(found)


ANALYZER = Analyzer("volume_space", Signal.METRICS, examine)
