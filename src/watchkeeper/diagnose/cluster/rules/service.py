"""Services with nobody behind them: a selector that fits no pod, a port no container has, or pods that are not ready."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.diagnose.cluster.labels import difference
from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, is_ready, ref

_ELECTION = "control-plane.alpha.kubernetes.io/leader"


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Services without a selector are managed by somebody else; those of workloads scaled to zero are meant so."""
    for service in snapshot.of("Service"):
        spec, who = service.get("spec") or {}, ref(service)
        selector = spec.get("selector") or {}
        if (
            not selector
            or spec.get("type") == "ExternalName"
            or _ELECTION in (service["metadata"].get("annotations") or {})
        ):
            continue
        pods = snapshot.selected(who.namespace, selector)
        if not pods:
            told = _nobody(snapshot, who, selector)
        elif not any(is_ready(p) for p in pods):
            told = _unready(snapshot, who, pods)
        else:
            told = _port(snapshot, service, who, pods)
        if told is not None:
            yield told


def _nobody(snapshot: Snapshot, who: Ref, selector: Mapping[str, str]) -> Symptom | None:
    workloads = [w for w in snapshot.of("Deployment", "StatefulSet", "DaemonSet") if ref(w).namespace == who.namespace]
    fitting = [w for w in workloads if selector.items() <= _pod_labels(w).items()]
    shown = ",".join(f"{k}={v}" for k, v in sorted(selector.items()))
    proofs = (Proof(f"{who} selects {shown}; no pod of its namespace has these labels"),)
    if fitting:
        zero = all((w.get("spec") or {}).get("replicas", 1) == 0 for w in fitting)
        if zero and not _called(snapshot, who):
            return None
        target = ref(fitting[0])
        if zero:
            words = f"{target} is scaled to zero, though others call {who}"
            return Symptom(
                "dependency", who, target, words, "scale it up, if nobody meant it to be off", 0.8, 0, proofs
            )
        words = f"{who} has no pods: {target} has none"
        return Symptom("dependency", who, who, words, f"see to {target}", 0.6, 2, proofs)
    if not workloads:
        words = f"{who} selects pods that nothing makes"
        return Symptom(
            "configuration",
            who,
            who,
            words,
            "deploy what it should reach, or remove it",
            0.5,
            1,
            proofs,
            level=Level.AT_RISK,
        )
    near = _nearest(who, selector, workloads)
    if near is None:
        words = f"{who} selects {shown}, which no workload has"
        return Symptom(
            "configuration", who, who, words, "correct its selector, or deploy what it should reach", 0.6, 0, proofs
        )
    differs = "; ".join(difference(selector, _pod_labels(near)))
    words = f"the selector of {who} fits no pod: {differs} in {ref(near)}"
    return Symptom(
        "configuration",
        who,
        who,
        words,
        "correct the selector of the Service, or the labels of the pods",
        0.95,
        0,
        proofs,
    )


def _nearest(who: Ref, selector: Mapping[str, str], workloads: list[Thing]) -> Thing | None:
    """The workload it is most probably meant for: named like it, or sharing a pair of labels or a label's key with a like value."""
    named = [w for w in workloads if ref(w).name == who.name]
    sharing = [w for w in workloads if any(_pod_labels(w).get(k) == v for k, v in selector.items())]
    return next(iter(named or sharing), None)


def _pod_labels(workload: Thing) -> Mapping[str, str]:
    template = (workload.get("spec") or {}).get("template") or {}
    return (template.get("metadata") or {}).get("labels") or {}


def _called(snapshot: Snapshot, who: Ref) -> bool:
    from watchkeeper.diagnose.cluster.cause_graph import hosts

    workloads = snapshot.of("Deployment", "StatefulSet", "DaemonSet")
    return any((who.name, who.namespace) in hosts(snapshot.template(w), ref(w).namespace) for w in workloads)


def _unready(snapshot: Snapshot, who: Ref, pods: list[Thing]) -> Symptom | None:
    if not any(snapshot.settled(p["metadata"].get("creationTimestamp")) for p in pods):
        return None
    target = snapshot.workload_of(pods[0])
    proofs = (Proof(f"{who}: {len(pods)} pods, none ready"),)
    return Symptom("dependency", who, who, f"nothing is ready behind {who}", f"see to {target}", 0.6, 2, proofs)


def _port(snapshot: Snapshot, service: Thing, who: Ref, pods: list[Thing]) -> Symptom | None:
    """A target port is a name that some container has, or a number; numbers need not be declared, but mostly are."""
    declared: list[Mapping[str, Any]] = [
        p for c in snapshot.template(pods[0]).get("containers") or [] for p in c.get("ports") or []
    ]
    if not declared:
        return None
    names, numbers = {p.get("name") for p in declared}, {p.get("containerPort") for p in declared}
    for port in (service.get("spec") or {}).get("ports") or []:
        target = port.get("targetPort", port.get("port"))
        if (
            target in names
            or target in numbers
            or (isinstance(target, str) and target.isdigit() and int(target) in numbers)
        ):
            continue
        has = ", ".join(sorted(str(p.get("name") or p.get("containerPort")) for p in declared))
        owner = snapshot.workload_of(pods[0])
        words = f"{who} sends to port {target}, but {owner} listens on {has}"
        named = isinstance(target, str) and not target.isdigit()
        proofs = (Proof(f"targetPort {target} of {who}; declared ports of {ref(pods[0])}: {has}"),)
        return Symptom("configuration", who, who, words, "correct targetPort", 0.95 if named else 0.9, 0, proofs)
    return None


RULE = Rule("service", look)
