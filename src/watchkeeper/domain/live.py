"""A live object as a declaration: what people and controllers write about themselves left out."""

from collections.abc import Mapping
from typing import Any

import yaml

APPLIED = {
    "Deployment": ("/apis/apps/v1", "deployments"), "StatefulSet": ("/apis/apps/v1", "statefulsets"),
    "DaemonSet": ("/apis/apps/v1", "daemonsets"), "Service": ("/api/v1", "services"),
    "HorizontalPodAutoscaler": ("/apis/autoscaling/v2", "horizontalpodautoscalers"),
}  # fmt: skip
"""kind -> (API root, plural): what may be applied directly"""
_WRITTEN_BY_OTHERS = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
_NOISE = ("kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision")


def path_of(kind: str, namespace: str, name: str) -> str:
    """Where it would stand, were the cluster a repository."""
    return f"{namespace}/{kind}/{name}.yaml"


def cleaned(live: Mapping[str, Any]) -> dict[str, Any]:
    """Without status and bookkeeping."""
    head = {k: v for k, v in (live.get("metadata") or {}).items() if k not in _WRITTEN_BY_OTHERS}
    notes = {k: v for k, v in (head.get("annotations") or {}).items() if k not in _NOISE}
    head = {k: v for k, v in head.items() if k != "annotations"} | ({"annotations": notes} if notes else {})
    root = APPLIED.get(str(live.get("kind")), ("/api/v1", ""))[0]
    version = str(live.get("apiVersion") or root.removeprefix("/apis/").removeprefix("/api/"))
    rest = {k: v for k, v in live.items() if k not in ("status", "metadata", "kind", "apiVersion")}
    return {"apiVersion": version, "kind": live.get("kind"), "metadata": head, **rest}


def declared(live: Mapping[str, Any]) -> tuple[str, str]:
    """(path, text) of the object as YAML."""
    head = live.get("metadata") or {}
    return path_of(str(live["kind"]), str(head["namespace"]), str(head["name"])), yaml.safe_dump(
        cleaned(live), sort_keys=True
    )
