"""Which node takes a pod, and the scheduler's sentence where none does."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from watchkeeper.simulate.cluster.objects import Object, Objects
from watchkeeper.simulate.cluster.quantities import number

_RESOURCES = ("cpu", "memory")


def choose(objects: Objects, pod: Object) -> tuple[str, str]:
    """(node, "") or ("", why not)."""
    claim = _unbound(objects, pod)
    nodes = objects.find("Node")
    if claim:
        return "", f"0/{len(nodes)} nodes are available: pod has unbound immediate PersistentVolumeClaims."
    free = _free(objects, nodes)
    refused: Counter[str] = Counter()
    fitting: list[str] = []
    for node in nodes:
        why = _why_not(pod, node, free[node["metadata"]["name"]])
        if why:
            refused[why] += 1
        else:
            fitting.append(node["metadata"]["name"])
    if fitting:
        return max(fitting, key=lambda n: (free[n]["cpu"], n)), ""
    reasons = ", ".join(f"{count} {why}" for why, count in sorted(refused.items()))
    none = f"preemption: 0/{len(nodes)} nodes are available: {len(nodes)} Preemption is not helpful for scheduling."
    return "", f"0/{len(nodes)} nodes are available: {reasons}. {none}"


def requested(pod: Object, resource: str) -> float:
    """Cores or bytes its containers ask for."""
    return sum(
        number((c.get("resources", {}).get("requests") or {}).get(resource, 0)) for c in pod["spec"]["containers"]
    )


def _free(objects: Objects, nodes: list[Object]) -> dict[str, dict[str, float]]:
    out = {n["metadata"]["name"]: {r: number(n["status"]["allocatable"][r]) for r in _RESOURCES} for n in nodes}
    for other in objects.find("Pod"):
        name = other["spec"].get("nodeName")
        if name in out and other["status"].get("phase") not in ("Succeeded", "Failed"):
            for resource in _RESOURCES:
                out[name][resource] -= requested(other, resource)
    return out


def _why_not(pod: Object, node: Object, free: Mapping[str, float]) -> str:
    spec = node.get("spec", {})
    if spec.get("unschedulable"):
        return "node(s) were unschedulable"
    labels = node["metadata"].get("labels", {})
    if any(labels.get(k) != v for k, v in (pod["spec"].get("nodeSelector") or {}).items()):
        return "node(s) didn't match Pod's node affinity/selector"
    for taint in spec.get("taints", []):
        if not any(_tolerates(t, taint) for t in pod["spec"].get("tolerations") or []):
            return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    return next((f"Insufficient {r}" for r in _RESOURCES if requested(pod, r) > free[r]), "")


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("operator") == "Exists" and not toleration.get("key"):
        return True
    return bool(toleration.get("key") == taint["key"])


def _unbound(objects: Objects, pod: Object) -> bool:
    for volume in pod["spec"].get("volumes") or []:
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if name:
            claim = objects.get("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
            if claim is None or claim.get("status", {}).get("phase") != "Bound":
                return True
    return False
