"""Which workload a pod or another object belongs to, by what controllers wrote."""

import re
from collections.abc import Mapping
from typing import Any

_HASHES = re.compile(r"-[a-z0-9]{6,10}$")
_POD = re.compile(r"-[a-z0-9]{5}$")


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
