"""Advice: what works and had better be different. Never an incident, never an exit status."""

import re
from collections.abc import Iterable

from watchkeeper.diagnose.cluster.cause_graph import references
from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, containers, ref

_LARGE = 1_000_000
_OLD_API = re.compile(
    r'"apiVersion":"((?:extensions|policy|batch|autoscaling|networking\.k8s\.io|apiextensions\.k8s\.io|rbac\.authorization\.k8s\.io|storage\.k8s\.io)/v\d(?:alpha|beta)\d)"'
)
_SYSTEM = ("kube-system", "kube-public", "kube-node-lease")


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """One line an object at most."""
    yield from _maps(snapshot)
    for workload in snapshot.of("Deployment", "StatefulSet", "DaemonSet"):
        if ref(workload).namespace not in _SYSTEM:
            yield from _template(snapshot, workload)
    for role in snapshot.of("Role", "ClusterRole"):
        if "*" in {
            v for r in role.get("rules") or [] for v in (*(r.get("verbs") or []), *(r.get("resources") or []))
        } and not ref(role).name.startswith(("system:", "cluster-admin", "admin")):
            yield _advice(role, f"{ref(role)} allows everything by a wildcard", "name verbs and resources")
    defaults = [
        c
        for c in snapshot.of("StorageClass")
        if (c["metadata"].get("annotations") or {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    ]
    if len(defaults) > 1:
        yield _advice(defaults[0], f"{len(defaults)} storage classes are the default", "leave one")
    for volume in snapshot.of("PersistentVolume"):
        if (volume.get("status") or {}).get("phase") == "Released":
            yield _advice(volume, f"{ref(volume)} is kept though its claim is gone", "keep its data, then remove it")
    yield from _old_apis(snapshot)


def _maps(snapshot: Snapshot) -> Iterable[Symptom]:
    named = snapshot.of("Pod", "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")
    used = {r for t in named for r in references(snapshot.template(t), ref(t).namespace)}
    for thing in snapshot.of("ConfigMap"):
        who = ref(thing)
        if who.name in ("kube-root-ca.crt", "openshift-service-ca.crt") or who.namespace in _SYSTEM:
            continue
        content = {**(thing.get("data") or {}), **(thing.get("binaryData") or {})}
        size = sum(v if isinstance(v, int) else len(str(v)) for v in content.values())
        if size > _LARGE:
            yield _advice(thing, f"{who} is larger than a megabyte", "put it elsewhere")
        elif not content:
            yield _advice(thing, f"{who} is empty", "fill or remove it")
        elif who not in used and not thing["metadata"].get("ownerReferences"):
            yield _advice(thing, f"{who} is named by no pod", "remove it, if no program reads it by itself")


def _template(snapshot: Snapshot, workload: Thing) -> Iterable[Symptom]:
    spec, who = snapshot.template(workload), ref(workload)
    if any((c.get("securityContext") or {}).get("privileged") for c in containers(spec)):
        yield _advice(workload, f"{who} runs privileged", "take privileged away, grant single capabilities")
    elif any(not (c.get("resources") or {}).get("requests") for c in spec.get("containers") or []):
        yield _advice(
            workload,
            f"a container of {who} has no requests",
            "set requests: the scheduler and autoscalers reckon with them",
        )


def _old_apis(snapshot: Snapshot) -> Iterable[Symptom]:
    for thing in snapshot.of(
        "Deployment", "Ingress", "CronJob", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"
    ):
        said = str(
            (thing["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/last-applied-configuration", "")
        )
        found = _OLD_API.search(said)
        if found:
            yield _advice(
                thing,
                f"the manifest of {ref(thing)} uses {found.group(1)}, which newer clusters do not serve",
                "write it for the current version",
            )
    versions = {
        str(((n.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion", "")).rsplit(".", 1)[0]: n
        for n in snapshot.of("Node")
    }
    minors = sorted(int(v.split(".")[1]) for v in versions if v.count(".") == 1 and v.split(".")[1].isdigit())
    if minors and minors[-1] - minors[0] > 2:
        yield _advice(
            next(iter(versions.values())),
            f"kubelets differ by {minors[-1] - minors[0]} minor versions",
            "bring the nodes to one version",
        )


def _advice(thing: Thing, words: str, fix: str) -> Symptom:
    who: Ref = ref(thing)
    return Symptom("configuration", who, who, words, fix, 0.1, 0, (Proof(f"spec of {who}"),), level=Level.ADVICE)


RULE = Rule("housekeeping", look)
