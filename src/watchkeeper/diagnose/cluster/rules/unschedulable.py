"""Pods that no node takes: too large, no node matches, or they wait for a volume. Reckoned from nodes, not from messages."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.diagnose.cluster.labels import matches, selects
from watchkeeper.diagnose.cluster.quantities import quantity
from watchkeeper.diagnose.cluster.rule import Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, conditions, labels_of, message_of, quoted, ref
from watchkeeper.diagnose.objects import moment

_KEYS = ("cpu", "memory", "nvidia.com/gpu", "ephemeral-storage")


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """By the scheduler's condition; why is reckoned from requests, labels and taints."""
    for pod in snapshot.pods:
        condition = conditions(pod).get("PodScheduled", {})
        if condition.get("status") != "False" or not snapshot.settled(condition.get("lastTransitionTime")):
            continue
        owner, who = snapshot.workload_of(pod), ref(pod)
        since = moment(str(condition.get("lastTransitionTime", "")))
        proofs = [Proof(f"{who}: PodScheduled is False, {condition.get('reason', '?')}")]
        said = [
            str(condition.get("message") or ""),
            *(message_of(e) for e in snapshot.events(who, "FailedScheduling")[-1:]),
        ]
        proofs += [Proof(quoted(t), trusted=False) for t in dict.fromkeys(filter(None, said))]
        if condition.get("reason") == "SchedulingGated":
            yield Symptom(
                "scheduling",
                who,
                owner,
                f"pods of {owner} are held back by scheduling gates",
                "let their controller take the gates away",
                0.6,
                0,
                tuple(proofs),
                since,
            )
            continue
        claim = _claim(snapshot, pod)
        if claim is not None:
            yield Symptom(
                "scheduling",
                who,
                owner,
                f"pods of {owner} wait for {claim}",
                f"see to {claim} first",
                0.7,
                1,
                tuple(proofs),
                since,
            )
            continue
        why, fix = _why(snapshot, pod)
        yield Symptom(
            "scheduling",
            who,
            owner,
            f"no node takes a pod of {owner}: {why}",
            fix,
            0.85,
            1 if _nodes_ill(snapshot) else 0,
            tuple(proofs),
            since,
        )


def _claim(snapshot: Snapshot, pod: Thing) -> Ref | None:
    for volume in snapshot.template(pod).get("volumes") or []:
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        claim = snapshot.get(Ref("PersistentVolumeClaim", ref(pod).namespace, str(name))) if name else None
        if claim is not None and (claim.get("status") or {}).get("phase") != "Bound":
            return ref(claim)
    return None


def _nodes_ill(snapshot: Snapshot) -> bool:
    return any(conditions(n).get("Ready", {}).get("status") != "True" for n in snapshot.of("Node"))


def _why(snapshot: Snapshot, pod: Thing) -> tuple[str, str]:
    """Words and fix."""
    spec, nodes = snapshot.template(pod), snapshot.of("Node")
    if not nodes:
        return "why cannot be told without reading the nodes", "read the scheduler's events"
    open_ = [n for n in nodes if not (n.get("spec") or {}).get("unschedulable")]
    if not open_:
        return "every node is cordoned", "uncordon a node when its work is done"
    fitting = [n for n in open_ if _labelled(spec, n)]
    if not fitting:
        return (
            f"no node has the labels it asks for ({_asked(spec)})",
            "correct nodeSelector or affinity, or label a node",
        )
    tolerant = [n for n in fitting if _tolerates(spec, n)]
    if not tolerant:
        taints = sorted({str(t.get("key")) for n in fitting for t in (n.get("spec") or {}).get("taints") or []})
        return (
            f"the nodes are tainted ({', '.join(taints)}) and it tolerates that not",
            "add a toleration, or take the taint away",
        )
    need = requests(spec)
    for key in _KEYS:
        most = max(quantity(((n.get("status") or {}).get("allocatable") or {}).get(key)) or 0.0 for n in tolerant)
        if need.get(key, 0.0) > most:
            return (
                f"it asks for more {key} than the largest node has ({_shown(key, need[key])} of {_shown(key, most)})",
                f"lower its {key} request, or add a larger node",
            )
    short = [k for k in _KEYS if need.get(k) and all(_free(snapshot, n, k) < need[k] for n in tolerant)]
    if short:
        return (
            f"no node has enough {' and '.join(short)} left",
            "lower requests, add a node, or let the cluster autoscaler do it",
        )
    return (
        "affinity, spread or ports leave no node",
        "compare anti-affinity and topology spread with the number of nodes; replicas must not exceed nodes",
    )


def requests(spec: Mapping[str, Any]) -> dict[str, float]:
    """resource -> what a pod asks for: the sum of its containers, or the largest init container."""
    out: dict[str, float] = {}
    for field, fold in (("containers", sum), ("initContainers", max)):
        for key in _KEYS:
            asked = [
                quantity(((c.get("resources") or {}).get("requests") or {}).get(key)) or 0.0
                for c in spec.get(field) or []
            ]
            out[key] = max(out.get(key, 0.0), fold(asked) if asked else 0.0)
    return out


def _free(snapshot: Snapshot, node: Thing, key: str) -> float:
    taken = sum(
        requests(snapshot.template(p)).get(key, 0.0) for p in snapshot.pods
        if (p.get("spec") or {}).get("nodeName") == ref(node).name and (p.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    )  # fmt: skip
    return (quantity(((node.get("status") or {}).get("allocatable") or {}).get(key)) or 0.0) - taken


def _labelled(spec: Mapping[str, Any], node: Thing) -> bool:
    if not matches(spec.get("nodeSelector") or {}, labels_of(node)):
        return False
    wanted = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    terms = wanted.get("nodeSelectorTerms") or []
    return not terms or any(
        selects({"matchExpressions": t.get("matchExpressions") or []}, labels_of(node)) for t in terms
    )


def _asked(spec: Mapping[str, Any]) -> str:
    pairs = [f"{k}={v}" for k, v in sorted((spec.get("nodeSelector") or {}).items())]
    return ", ".join(pairs) or "node affinity"


def _tolerates(spec: Mapping[str, Any], node: Thing) -> bool:
    taints = [t for t in (node.get("spec") or {}).get("taints") or [] if t.get("effect") in ("NoSchedule", "NoExecute")]
    tolerations = spec.get("tolerations") or []
    return all(any(_covers(x, t) for x in tolerations) for t in taints)


def _covers(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("operator") == "Exists":
        return not toleration.get("key") or toleration["key"] == taint.get("key")
    return (toleration.get("key"), toleration.get("value") or "") == (taint.get("key"), taint.get("value") or "")


def _shown(key: str, value: float) -> str:
    return f"{value / 2**30:.3g}Gi" if key in ("memory", "ephemeral-storage") else f"{value:g}"


RULE = Rule("unschedulable", look)
