"""Lists as the tables `kubectl get` prints."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

Row = Callable[[dict[str, Any], float], list[Any]]


def table(kind: str, things: list[dict[str, Any]], version: str, now: float) -> dict[str, Any]:
    """meta.k8s.io/v1 Table with the object's metadata in each row."""
    names, row = _TABLES.get(kind, (("Name", "Age"), lambda o, t: [o["metadata"]["name"], age(o, t)]))
    return {
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version},
        "columnDefinitions": [
            {"name": n, "type": "string", "format": "name" if n == "Name" else "", "description": n, "priority": 0} for n in names
        ],
        "rows": [
            {"cells": row(o, now), "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}}
            for o in things
        ],
    }  # fmt: skip


def age(thing: dict[str, Any], now: float) -> str:
    """Such as 40s, 12m, 3h, 2d."""
    made = thing["metadata"].get("creationTimestamp")
    seconds = now - datetime.fromisoformat(made).timestamp() if made else 0
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def _pod(o: dict[str, Any], now: float) -> list[Any]:
    states = o["status"].get("containerStatuses", [])
    ready = sum(s["ready"] for s in states)
    reason = next(
        (w["reason"] for s in states for w in (s["state"].get("waiting"), s["state"].get("terminated")) if w),
        o["status"]["phase"],
    )
    restarts = sum(s["restartCount"] for s in states)
    return [o["metadata"]["name"], f"{ready}/{len(o['spec']['containers'])}", reason, restarts, age(o, now)]


def _deployment(o: dict[str, Any], now: float) -> list[Any]:
    s = o.get("status", {})
    return [
        o["metadata"]["name"],
        f"{s.get('readyReplicas', 0)}/{o['spec']['replicas']}",
        s.get("updatedReplicas", 0),
        s.get("availableReplicas", 0),
        age(o, now),
    ]


def _replica_set(o: dict[str, Any], now: float) -> list[Any]:
    s = o.get("status", {})
    return [o["metadata"]["name"], o["spec"]["replicas"], s.get("replicas", 0), s.get("readyReplicas", 0), age(o, now)]


def _event(o: dict[str, Any], now: float) -> list[Any]:
    about = o["involvedObject"]
    return [age(o, now), o["type"], o["reason"], f"{about['kind'].lower()}/{about['name']}", o["message"]]


def _node(o: dict[str, Any], now: float) -> list[Any]:
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in o["status"]["conditions"])
    return [
        o["metadata"]["name"],
        "Ready" if ready else "NotReady",
        "<none>",
        age(o, now),
        o["status"]["nodeInfo"]["kubeletVersion"],
    ]


def _service(o: dict[str, Any], now: float) -> list[Any]:
    ports = ",".join(f"{p['port']}/TCP" for p in o["spec"].get("ports", []))
    return [
        o["metadata"]["name"],
        o["spec"].get("type", "ClusterIP"),
        o["spec"].get("clusterIP", "None"),
        "<none>",
        ports,
        age(o, now),
    ]


_TABLES: dict[str, tuple[tuple[str, ...], Row]] = {
    "Pod": (("Name", "Ready", "Status", "Restarts", "Age"), _pod),
    "Deployment": (("Name", "Ready", "Up-to-date", "Available", "Age"), _deployment),
    "ReplicaSet": (("Name", "Desired", "Current", "Ready", "Age"), _replica_set),
    "Event": (("Last Seen", "Type", "Reason", "Object", "Message"), _event),
    "Node": (("Name", "Status", "Roles", "Age", "Version"), _node),
    "Service": (("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"), _service),
}
