"""What the live object says: do planned fields hold, is the rollout complete? Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.fields import read, same

ROLLING = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose change rolls out pod by pod."""
UNSEEN = ("NodePool",)
"""Kinds that no object of the cluster shows."""


def fields_hold(live: Mapping[str, Any], fields: Sequence[FieldChange], *, after: bool) -> bool:
    """Does every field have its value from after the change (or from before it)?"""
    return all(same(read(live, f.path), f.after if after else f.before) for f in fields)


def rollout_complete(live: Mapping[str, Any]) -> bool:
    """As `kubectl rollout status` decides: the controller saw this generation, and old pods are gone.

    Absent counters are zero; `availableReplicas` alone would also count old pods.
    """
    status = live.get("status", {})
    wanted = int(live.get("spec", {}).get("replicas", 1))
    seen = int(status.get("observedGeneration", 0)) >= int(live.get("metadata", {}).get("generation", 0))
    if live.get("kind") == "DaemonSet":
        wanted = int(status.get("desiredNumberScheduled", 0))
        return seen and wanted == int(status.get("updatedNumberScheduled", 0)) == int(status.get("numberAvailable", 0))
    counters = [int(status.get(name, 0)) for name in ("replicas", "updatedReplicas", "readyReplicas")]
    available = int(status.get("availableReplicas", status.get("readyReplicas", 0)))
    return seen and all(c == wanted for c in counters) and available == wanted


def ready_replicas(live: Mapping[str, Any]) -> int:
    """Pods that pass their readiness probe."""
    return int(live.get("status", {}).get("readyReplicas", live.get("status", {}).get("numberReady", 0)))
