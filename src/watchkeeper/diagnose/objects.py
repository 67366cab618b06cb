"""Reading Kubernetes objects: which service a pod belongs to, and what its containers say. Status fields only."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.diagnose.case import Case

_HASHES = re.compile(r"-[a-z0-9]{6,10}$")
_POD = re.compile(r"-[a-z0-9]{5}$")
_LEAD = timedelta(minutes=2)


def service_of_pod(pod: Mapping[str, Any]) -> str:
    """By its owner, which a controller wrote: the Deployment behind its ReplicaSet, or the owner itself."""
    head = pod.get("metadata", {})
    for owner in head.get("ownerReferences", []):
        name = str(owner.get("name", ""))
        return _HASHES.sub("", name) if owner.get("kind") == "ReplicaSet" else name
    return str(head.get("name", ""))


def service_of_name(kind: str, name: str) -> str:
    """Of an object that is known by name only: hashes that controllers append are taken off."""
    if kind == "Pod":
        return _HASHES.sub("", _POD.sub("", name))
    return _HASHES.sub("", name) if kind == "ReplicaSet" else name


def moment(text: str) -> datetime | None:
    """A time as the API writes it; None where it is none, or names no zone."""
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def container_states(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Of init and normal containers; an unscheduled pod has none."""
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def since(case: Case) -> datetime:
    """What happened before this is old news."""
    return case.evidence.window.onset - _LEAD
