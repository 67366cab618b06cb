"""Pods that cannot run: crash loops, images that cannot be pulled, pods nobody can place. Status fields, not messages."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.objects import container_states, service_of_pod
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Origin, Signal

_IMAGE = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
_CONFIGURATION = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")


def examine(case: Case) -> list[Finding]:
    """One finding a service: the worst state of its pods."""
    found: dict[str, Finding] = {}
    for pod in (o for o in case.evidence.objects if o.get("kind") == "Pod"):
        told = _of_pod(pod)
        if told is not None and told.strength > (found[told.service].strength if told.service in found else 0.0):
            found[told.service] = told
    return strongest(found.values())


def _of_pod(pod: Mapping[str, Any]) -> Finding | None:
    service, name = service_of_pod(pod), pod.get("metadata", {}).get("name", "")
    for condition in pod.get("status", {}).get("conditions", []):
        if (condition.get("type"), condition.get("status"), condition.get("reason")) == (
            "PodScheduled",
            "False",
            "Unschedulable",
        ):
            return _tell("scheduling", service, 0.85, f"pod {name} of {service} cannot be scheduled")
    for status in container_states(pod):
        reason = str((status.get("state", {}).get("waiting") or {}).get("reason", ""))
        if reason in _IMAGE:
            return _tell("image", service, 0.95, f"pod {name} of {service} cannot pull its image ({reason})")
        if reason in _CONFIGURATION:
            return _tell("configuration", service, 0.9, f"a container of {service} cannot be created ({reason})")
        ended = (status.get("lastState", {}).get("terminated") or {}).get("reason", "")
        if reason == "CrashLoopBackOff" and ended != "OOMKilled":
            return _tell(
                "crash",
                service,
                0.92,
                f"pod {name} of {service} is in CrashLoopBackOff after {status.get('restartCount', 0)} restarts",
            )
    return None


def _tell(kind: str, service: str, strength: float, words: str) -> Finding:
    return finding(
        "pod_states",
        kind,
        service,
        "replicas-ready",
        strength,
        words,
        signal=Signal.KUBERNETES,
        origin=Origin.CONTROL_PLANE,
    )


ANALYZER = Analyzer("pod_states", Signal.KUBERNETES, examine)
