"""Network policies that cut what belongs together: a workload and the service it calls, or everybody and DNS."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.diagnose.cluster.cause_graph import hosts
from watchkeeper.diagnose.cluster.labels import selects
from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, labels_of, ref

_DNS = 53


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Policies add up: a pod that any policy selects for a direction gets only what some policy allows."""
    policies = snapshot.of("NetworkPolicy")
    if not policies:
        return
    for workload in snapshot.of("Deployment", "StatefulSet", "DaemonSet"):
        pods = snapshot.pods_of(workload)
        if pods:
            yield from _dns(snapshot, workload, pods[0], policies)
            yield from _callees(snapshot, workload, pods[0], policies)


def _over(policies: list[Thing], pod: Thing, direction: str) -> list[Thing]:
    """Policies that select the pod for Ingress or Egress."""
    here = ref(pod).namespace
    out = []
    for policy in policies:
        spec = policy.get("spec") or {}
        kinds = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        if (
            ref(policy).namespace == here
            and direction in kinds
            and selects(spec.get("podSelector") or {}, labels_of(pod))
        ):
            out.append(policy)
    return out


def _dns(snapshot: Snapshot, workload: Thing, pod: Thing, policies: list[Thing]) -> Iterable[Symptom]:
    over = _over(policies, pod, "Egress")
    if over and not any(_port_open(r, _DNS) for p in over for r in (p.get("spec") or {}).get("egress") or []):
        cause = ref(over[0])
        words = f"{cause} lets {ref(workload)} ask no DNS server: no egress rule allows port 53"
        proofs = (Proof(f"{len(over)} policies select its pods for egress; none allows port 53"),)
        yield Symptom("network", ref(workload), cause, words, "allow egress to port 53, UDP and TCP", 0.9, 0, proofs)


def _callees(snapshot: Snapshot, workload: Thing, pod: Thing, policies: list[Thing]) -> Iterable[Symptom]:
    for host, namespace in hosts(snapshot.template(workload), ref(workload).namespace):
        service = snapshot.get(Ref("Service", namespace, host))
        if service is None:
            continue
        behind = snapshot.selected(namespace, (service.get("spec") or {}).get("selector"))
        if not behind or snapshot.workload_of(behind[0]) == ref(workload):
            continue
        ports = {p.get("targetPort", p.get("port")) for p in (service.get("spec") or {}).get("ports") or []}
        for side, inside, outside, direction, field in (
            ("in", behind[0], pod, "Ingress", "ingress"),
            ("out", pod, behind[0], "Egress", "egress"),
        ):
            over = _over(policies, inside, direction)
            if over and not any(
                _allows(snapshot, p, r, outside, ports) for p in over for r in (p.get("spec") or {}).get(field) or []
            ):
                cause = ref(over[0])
                gate = "into" if side == "in" else "out to"
                words = f"{cause} lets no traffic of {ref(workload)} {gate} {ref(service)}, which it calls"
                proofs = (
                    Proof(
                        f"{direction} policies over {ref(inside)}: {', '.join(ref(p).name for p in over)}; no rule covers the pair"
                    ),
                )
                yield Symptom(
                    "traffic_loss",
                    ref(service),
                    cause,
                    words,
                    "add a rule for this pair and port; do not open more",
                    0.92,
                    0,
                    proofs,
                    level=Level.BROKEN,
                )


def _port_open(rule: Mapping[str, Any], port: int) -> bool:
    ports = rule.get("ports") or []
    return not ports or any(p.get("port") in (port, str(port), "dns", None) for p in ports)


def _allows(snapshot: Snapshot, policy: Thing, rule: Mapping[str, Any], peer: Thing, ports: set[Any]) -> bool:
    wanted = rule.get("ports") or []
    if wanted and not any(
        w.get("port") is None or w.get("port") in ports or isinstance(w.get("port"), str) for w in wanted
    ):
        return False
    peers = rule.get("from") or rule.get("to") or []
    return not peers or any(_is(snapshot, policy, p, peer) for p in peers)


def _is(snapshot: Snapshot, policy: Thing, said: Mapping[str, Any], pod: Thing) -> bool:
    if "ipBlock" in said:
        return True  # whether its address lies within is not reckoned: the careful answer is that it may
    if "namespaceSelector" in said:
        space = snapshot.get(Ref("Namespace", "", ref(pod).namespace))
        labels = {"kubernetes.io/metadata.name": ref(pod).namespace, **(labels_of(space) if space else {})}
        if not selects(said["namespaceSelector"] or {}, labels):
            return False
    elif ref(policy).namespace != ref(pod).namespace:
        return False
    return "podSelector" not in said or selects(said["podSelector"] or {}, labels_of(pod))


RULE = Rule("network_policy", look)
