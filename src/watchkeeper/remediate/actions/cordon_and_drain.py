"""Take a bad node out of service: no new pods, and a drain that keeps to disruption budgets."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.domain.topology import Workload
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """Fits one node in trouble that runs pods of the workload, where budgets let its pods go and another node is ready."""
    nodes = [o for o in situation.evidence.objects if o.get("kind") == "Node"]
    bad = [n for n in nodes if _ill(n) and not n.get("spec", {}).get("unschedulable")]
    mine = {str(p.get("spec", {}).get("nodeName")) for p in situation.pods()}
    chosen = [n for n in bad if n["metadata"].get("name") in mine] or (bad if situation.workload.kind == "Node" else [])
    if len(chosen) != 1:
        return (
            "no node in trouble runs its pods"
            if not chosen
            else "several nodes are in trouble: that is no case for draining"
        )
    if not any(not _ill(n) and not n.get("spec", {}).get("unschedulable") for n in nodes):
        return "no other node is ready to take the pods"
    name = str(chosen[0]["metadata"]["name"])
    blocked = _blocked(situation, name)
    if blocked:
        return f"a drain of {name} would wait for ever: {', '.join(blocked)} allow no disruption"
    commands = (
        ("kubectl", "cordon", name),
        ("kubectl", "drain", name, "--ignore-daemonsets", "--timeout=10m"),
        ("kubectl", "get", "pods", "--all-namespaces", "--field-selector", f"spec.nodeName={name}"),
    )
    words = f"cordon node {name} and drain it, as far as disruption budgets allow"
    change = FieldChange("spec.unschedulable", chosen[0].get("spec", {}).get("unschedulable"), True)
    return Draft(
        {"node": name},
        (change,),
        words,
        f"uncordon {name}",
        Risk.HIGH,
        Workload("", "Node", name),
        chosen[0],
        by_hand=commands,
    )


def _ill(node: Mapping[str, Any]) -> bool:
    conditions = {c.get("type"): c.get("status") for c in node.get("status", {}).get("conditions") or []}
    return conditions.get("Ready") != "True" or any(
        conditions.get(c) == "True" for c in ("DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable")
    )


def _blocked(situation: Situation, node: str) -> list[str]:
    """Disruption budgets, in every namespace, that let none of the node's pods go."""
    pods = [
        o for o in situation.evidence.objects if o.get("kind") == "Pod" and o.get("spec", {}).get("nodeName") == node
    ]
    out = []
    for budget in (o for o in situation.evidence.objects if o.get("kind") == "PodDisruptionBudget"):
        wanted = ((budget.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        covers = any(
            p["metadata"].get("namespace") == budget["metadata"].get("namespace")
            and wanted.items() <= (p["metadata"].get("labels") or {}).items()
            for p in pods
        )
        if covers and int((budget.get("status") or {}).get("disruptionsAllowed", 0)) < 1:
            out.append(str(budget["metadata"].get("name")))
    return sorted(out)


ACTION = Action(
    "cordon_and_drain", "Cordon and drain a node", draft,
    applies="A machine is not ready or under pressure, and its pods suffer.",
    preconditions=("exactly one node with pods of the workload is in trouble", "another node is ready", "no disruption budget forbids it"),
    radius="Every pod of the node.",
    risk="High: a person runs the script.",
    undo="Uncordon the node.",
    never=("deletes a node", "drains two nodes", "uses --force, --delete-emptydir-data or --disable-eviction"),
    kinds=("Node",),
)  # fmt: skip
