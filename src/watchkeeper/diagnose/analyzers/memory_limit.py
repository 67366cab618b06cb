"""Memory: the working set near its limit, and containers that were OOMKilled since the onset."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.objects import container_states, moment, service_of_pod, since
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Origin, Signal

_NEAR = 85.0
"""Percent of the limit from which memory counts."""


def examine(case: Case) -> list[Finding]:
    """From the kubelet's own status where it is there, and from cAdvisor; each is a witness of its own."""
    return strongest([*_killed(case), *_near(case)])


def _near(case: Case) -> list[Finding]:
    found = []
    for service, shifts in case.of("mem-rate").items():
        shift = max(shifts, key=lambda s: s.top)
        if shift.top < _NEAR or shift.top < shift.high + 5:
            continue
        words = f"{service} uses {shift.top:.0f} % of its memory limit, before {shift.normal:.0f} %"
        strength = 0.5 + 0.4 * min((shift.top - _NEAR) / 15, 1.0)
        found.append(
            finding(
                "memory_limit", "memory", service, "mem-rate", strength, words, signal=Signal.METRICS, origin=Origin.CADVISOR,
                before=shift.normal, during=shift.top, unit="%", query=shift.series.query,
            )
        )  # fmt: skip
    return found


def _killed(case: Case) -> list[Finding]:
    worst: dict[str, tuple[int, datetime]] = {}
    for pod in (o for o in case.evidence.objects if o.get("kind") == "Pod"):
        for status in container_states(pod):
            at = _oom_at(status)
            if at is not None and at >= since(case):
                service = service_of_pod(pod)
                count = worst.get(service, (0, at))[0] + max(int(status.get("restartCount", 1)), 1)
                worst[service] = (count, max(at, worst.get(service, (0, at))[1]))
    return [
        finding(
            "memory_limit", "memory", service, "oom", 0.96, f"a container of {service} was OOMKilled at {at:%H:%M:%S}, {count} restarts so far",
            signal=Signal.KUBERNETES, origin=Origin.CONTROL_PLANE, at=at, during=float(count), unit="restarts",
        )
        for service, (count, at) in worst.items()
    ]  # fmt: skip


def _oom_at(status: Mapping[str, Any]) -> datetime | None:
    for state in (status.get("lastState") or {}, status.get("state") or {}):
        ended = state.get("terminated") or {}
        if ended.get("reason") == "OOMKilled" and ended.get("finishedAt"):
            return moment(str(ended["finishedAt"]))
    return None


ANALYZER = Analyzer("memory_limit", Signal.KUBERNETES, examine)
