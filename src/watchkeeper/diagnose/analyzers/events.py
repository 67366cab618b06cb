"""Warnings that Kubernetes wrote about a service's pods. The reason is read, never the message: anyone may write events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.cluster.snapshot import is_ready, seen_at
from watchkeeper.diagnose.objects import container_states, moment, service_of_name, service_of_pod, since
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Origin, Signal

_MEANS = {
    "FailedScheduling": ("scheduling", 0.7), "FailedCreate": ("scheduling", 0.6),
    "FailedMount": ("storage", 0.8), "FailedAttachVolume": ("storage", 0.8), "VolumeResizeFailed": ("storage", 0.6),
    "BackOff": ("crash", 0.6), "Evicted": ("node", 0.6), "NodeNotReady": ("node", 0.6), "OOMKilling": ("memory", 0.7),
    "FailedCreatePodSandBox": ("network", 0.5), "Unhealthy": ("errors", 0.2), "InspectFailed": ("image", 0.6),
}  # fmt: skip
"""reason -> what it points at, and how strongly"""


def examine(case: Case) -> list[Finding]:
    """The strongest warning a service and kind since shortly before the onset."""
    pods = {(o.get("metadata") or {}).get("name", ""): o for o in case.evidence.objects if o.get("kind") == "Pod"}
    found: dict[tuple[str, str], Finding] = {}
    for event in (o for o in case.evidence.objects if o.get("kind") == "Event"):
        known = _MEANS.get(str(event.get("reason", "")))
        at = seen_at(event)
        if known is None or event.get("type") != "Warning" or at is None or at < since(case):
            continue
        if _contradicted(event, pods, since(case)):
            continue
        told = _tell(event, service_about(event, pods), *known, at)
        key = (told.service, told.kind)
        if told.service and (key not in found or found[key].strength < told.strength):
            found[key] = told
    return strongest(found.values())


def _contradicted(event: Mapping[str, Any], pods: Mapping[str, Mapping[str, Any]], start: datetime) -> bool:
    """Does the kubelet's own status say otherwise: ready, and no container of it began or ended since?"""
    about = event.get("involvedObject") or event.get("regarding") or {}
    pod = pods.get(str(about.get("name", ""))) if about.get("kind") == "Pod" else None
    if pod is None or not is_ready(pod):
        return False
    times = [
        moment(str(part[field])) for status in container_states(pod) for state in ("state", "lastState")
        for part in (status.get(state) or {}).values() for field in ("startedAt", "finishedAt") if part.get(field)
    ]  # fmt: skip
    return bool(times) and all(at is not None and at < start for at in times)


def service_about(event: Mapping[str, Any], pods: Mapping[str, Mapping[str, Any]]) -> str:
    """The service whose pod or workload the event is about."""
    about = event.get("involvedObject") or event.get("regarding") or {}
    name = str(about.get("name", ""))
    if about.get("kind") == "Pod" and name in pods:
        return service_of_pod(pods[name])
    return service_of_name(str(about.get("kind", "")), name)


def _tell(event: Mapping[str, Any], service: str, kind: str, strength: float, at: datetime) -> Finding:
    count = int((event.get("series") or {}).get("count") or event.get("count") or 1)
    words = f"Kubernetes warned of {service}: {event['reason']}" + (f", {count} times" if count > 1 else "")
    return finding(
        "events", kind, service, "events", strength, words, signal=Signal.KUBERNETES, origin=Origin.WORKLOAD, at=at,
        during=float(count), unit="warnings", excerpt=str(event.get("message", ""))[:200],
    )  # fmt: skip


ANALYZER = Analyzer("events", Signal.KUBERNETES, examine)
