"""Machines that are not ready or under pressure, and pods they threw out."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, conditions, quoted, ref
from watchkeeper.diagnose.objects import moment

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


def trouble(node: Thing) -> tuple[str, Thing]:
    """What the kubelet or the control plane says is wrong, and the condition; "" where nothing is."""
    known = conditions(node)
    ready = known.get("Ready", {})
    if ready and ready.get("status") != "True":
        return "not ready", ready
    for kind in PRESSURES:
        if known.get(kind, {}).get("status") == "True":
            return kind, known[kind]
    return "", {}


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """A cordoned node is somebody's plan, not a fault."""
    for node in snapshot.of("Node"):
        state, condition = trouble(node)
        if state:
            yield _ill(node, state, condition)
    for pod in snapshot.of("Pod"):
        status = pod.get("status") or {}
        if status.get("reason") == "Evicted" and _lately(snapshot, pod):
            yield _evicted(snapshot, pod)
    yield from _hanging(snapshot)


def _ill(node: Thing, state: str, condition: Thing) -> Symptom:
    who = ref(node)
    words = f"{who} is not ready" if state == "not ready" else f"{who} reports {state}"
    fix = "look at its kubelet and machine; cordon it, drain it where disruption budgets allow, replace it"
    if state == "DiskPressure":
        fix = "free disk on it (images, logs, emptyDir), then look at what writes so much"
    proofs = (
        Proof(f"{who}: {condition.get('type')} is {condition.get('status')}, {condition.get('reason', '?')}"),
        Proof(quoted(condition.get("message", "")), trusted=False),
    )
    return Symptom("node", who, who, words, fix, 0.9, 0, proofs, moment(str(condition.get("lastTransitionTime", ""))))


def _lately(snapshot: Snapshot, pod: Thing) -> bool:
    times = [str(c.get("lastTransitionTime") or "") for c in conditions(pod).values()]
    return snapshot.recent(max([*times, str(pod["metadata"].get("creationTimestamp", ""))]))


def _evicted(snapshot: Snapshot, pod: Thing) -> Symptom:
    owner, node = snapshot.workload_of(pod), Ref("Node", "", str((pod.get("spec") or {}).get("nodeName", "")))
    proofs = (
        Proof(f"{ref(pod)}: Evicted from {node.name or 'its node'}"),
        Proof(quoted((pod.get("status") or {}).get("message", "")), trusted=False),
    )
    words = f"{node} threw out a pod of {owner} for want of a resource"
    fix = "give the pod requests near its use; find what filled the node"
    return Symptom("node", ref(pod), node, words, fix, 0.6, 1, proofs, level=Level.AT_RISK)


def _hanging(snapshot: Snapshot) -> Iterable[Symptom]:
    """Deleted long ago and still there. The stamp lies in the future by the grace period."""
    for thing in snapshot.of("Pod", "Namespace", "PersistentVolumeClaim", "Service", "Deployment"):
        stamp = thing["metadata"].get("deletionTimestamp")
        age = snapshot.age(stamp)
        if age is None or age < 2 * snapshot.patience:
            continue
        finalizers = thing["metadata"].get("finalizers") or []
        node = Ref("Node", "", str((thing.get("spec") or {}).get("nodeName") or ""))
        why = (
            f"its finalizers {', '.join(map(str, finalizers))} were not worked off"
            if finalizers
            else "its node does not confirm the end"
        )
        words = f"{ref(thing)} hangs in deletion: {why}"
        proofs = (Proof(f"deletionTimestamp {stamp}"),)
        fix = (
            "find the controller that owes the finalizer; take it away by hand only when you know what it guards"
            if finalizers
            else f"look at {node}"
        )
        yield Symptom("stuck", ref(thing), ref(thing), words, fix, 0.5, 1, proofs, moment(str(stamp)), Level.AT_RISK)


RULE = Rule("node", look)
