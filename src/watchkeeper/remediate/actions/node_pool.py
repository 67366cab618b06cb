"""Let a node pool grow: its maximum in Terraform, with the alert that watches the same number."""

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.domain.topology import Workload
from watchkeeper.estate.hcl import Block, blocks
from watchkeeper.remediate.action import Action, Draft, Situation

_POOLS = {
    "azurerm_kubernetes_cluster_node_pool": ("max_count", "node_count"),
    "google_container_node_pool": ("autoscaling.max_node_count", "autoscaling.total_max_node_count", "node_count"),
    "aws_eks_node_group": ("scaling_config.max_size",),
}
"""kind of resource -> attributes that bound it, the first that is there"""
_LABELS = (
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
)
_NAMES = ("name", "node_group_name")


def draft(situation: Situation) -> Draft | str:
    """Fits a cluster whose nodes name one pool that Terraform declares with a literal maximum, all of it in use."""
    pools = {p for n in situation.evidence.objects if n.get("kind") == "Node" for p in _pool(n)}
    found = [(b, a) for _, b, a in _declared(situation.files) if _name(b) in pools or not pools]
    if len(found) != 1:
        return (
            "no Terraform file declares the nodes' pool with a number"
            if not found
            else "several node pools could grow: a person decides"
        )
    block, attribute = found[0]
    before = int(block.values[attribute].literal)
    nodes = sum(_name(block) in _pool(n) for n in situation.evidence.objects if n.get("kind") == "Node")
    if pools and nodes < before:
        return f"the pool {_name(block)} has {nodes} of at most {before} nodes: it can still grow by itself"
    after = before + max(1, before // 2)
    changes = [
        FieldChange(f"{block.name}.{attribute}", before, after),
        *_alerts(situation.files, _name(block), before, after),
    ]
    words = f"let the node pool {_name(block)} grow from {before} to {after} nodes"
    if len(changes) > 1:
        words += ", and move the alert that watches that number along"
    arguments = {"pool": _name(block), "maximum": after, "nodes": after - before}
    return Draft(
        arguments,
        tuple(changes),
        words,
        f"put the maximum back to {before}",
        Risk.MEDIUM,
        Workload("", "NodePool", _name(block)),
        {},
    )


def _pool(node: Mapping[str, Any]) -> list[str]:
    labels = node.get("metadata", {}).get("labels") or {}
    return [str(labels[key]) for key in _LABELS if labels.get(key)][:1]


def _name(block: Block) -> str:
    return next((str(block.values[k].literal) for k in _NAMES if k in block.values), block.name.rsplit(".", 1)[-1])


def _declared(files: Mapping[str, str]) -> Iterator[tuple[str, Block, str]]:
    for path, text in sorted(files.items()):
        for block in blocks(text) if path.endswith(".tf") else []:
            kind = [*block.name.split("."), ""][1]
            attribute = next((a for a in _POOLS.get(kind, ()) if a in block.values), None)
            if attribute and isinstance(block.values[attribute].literal, int):
                yield path, block, attribute


def _alerts(files: Mapping[str, str], pool: str, before: int, after: int) -> Iterator[FieldChange]:
    """Thresholds equal to the old maximum in alerts, of the same file, that name the pool."""
    home = next((p for p, b, _ in _declared(files) if _name(b) == pool), "")
    for block in blocks(files.get(home, "")):
        if "alert" in block.name and pool in files[home][block.start : block.end]:
            for attribute, value in block.values.items():
                if attribute.rsplit(".", 1)[-1] == "threshold" and value.literal == before:
                    yield FieldChange(f"{block.name}.{attribute}", before, after)


ACTION = Action(
    "node_pool", "Let a node pool grow", draft,
    applies="Pods wait because no node has room, and the pool is as large as it may be.",
    preconditions=("the nodes' labels name one pool", "Terraform declares its maximum as a number", "all of it is in use"),
    radius="New machines join; those that run are not touched.",
    risk="Medium: machines cost money.",
    undo="Put the maximum back; the cluster's autoscaler takes empty machines away.",
    never=("shrinks a pool", "replaces a pool", "changes a machine's kind", "runs terraform apply"),
    after=("the pods that waited are placed and ready", "what left its band is back in it, and the alert would not fire any more"),
    kinds=("NodePool",),
)  # fmt: skip
