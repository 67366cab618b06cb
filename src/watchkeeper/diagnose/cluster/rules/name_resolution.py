"""Names that do not resolve: no DNS server is ready, or a variable names a service that does not exist."""

import difflib
from collections.abc import Iterable

from watchkeeper.diagnose.cluster.cause_graph import hosts
from watchkeeper.diagnose.cluster.rule import Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, is_ready, ref

_ADDRESS = ("HOST", "URL", "ADDR", "ENDPOINT", "URI", "SERVER", "SERVICE")


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """CoreDNS by its usual label; names only where a much alike service exists."""
    servers = snapshot.selected("kube-system", {"k8s-app": "kube-dns"})
    deployments = [
        d
        for d in snapshot.of("Deployment")
        if ref(d).namespace == "kube-system" and ref(d).name in ("coredns", "kube-dns")
    ]
    settled = all(snapshot.settled(p["metadata"].get("creationTimestamp")) for p in servers)
    if (servers or deployments) and settled and not any(is_ready(p) for p in servers):
        who = ref(deployments[0]) if deployments else snapshot.workload_of(servers[0])
        words = "no DNS server of the cluster is ready: no name resolves"
        proofs = (Proof(f"{len(servers)} pods of {who}, none ready"),)
        yield Symptom("network", who, who, words, "heal the DNS pods first: everything else follows", 0.97, 0, proofs)
    yield from _misspelt(snapshot)


def _misspelt(snapshot: Snapshot) -> Iterable[Symptom]:
    if not snapshot.reads("Service"):
        return
    names: dict[str, list[str]] = {}
    for service in snapshot.of("Service"):
        names.setdefault(ref(service).namespace, []).append(ref(service).name)
    for workload in snapshot.of("Deployment", "StatefulSet", "DaemonSet", "CronJob"):
        who = ref(workload)
        addressed = _addressed(snapshot.template(workload))
        for host, namespace in hosts(snapshot.template(workload), who.namespace):
            known = names.get(namespace, [])
            if host in known or host not in addressed:
                continue
            near = difflib.get_close_matches(host, known, 1, 0.8)
            if near:
                words = f"{who} calls {host}, which does not exist; there is a service named {near[0]}"
                proofs = (
                    Proof(f"a variable of {who} names the host {host}; {Ref('Service', namespace, host)} is not there"),
                )
                yield Symptom(
                    "configuration", who, who, words, "correct the name in its configuration", 0.85, 0, proofs
                )


def _addressed(spec: object) -> str:
    """The values of variables that are addresses by their names."""
    found = []
    for container in (spec.get("containers") or []) if isinstance(spec, dict) else []:
        for variable in container.get("env") or []:
            if any(word in str(variable.get("name", "")).upper() for word in _ADDRESS):
                found.append(str(variable.get("value") or ""))
    return " ".join(found)


RULE = Rule("name_resolution", look)
