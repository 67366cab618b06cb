"""Which calls arrive, as Services, policies and DNS let them: read from the objects, for the engine."""

from collections.abc import Iterable

from watchkeeper.simulate.cluster.objects import Object, Objects


def cuts(objects: Objects, namespace: str, calls: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(caller, callee) -> dns, refused or timeout, for calls that do not arrive."""
    if _no_dns(objects):
        return {("*", "*"): "dns"}
    pairs = list(calls)
    out: dict[tuple[str, str], str] = {}
    policies = objects.find("NetworkPolicy", namespace)
    for callee in {b for _, b in pairs}:
        if not _endpoints(objects, namespace, callee):
            out["*", callee] = "refused"
        over = [
            p
            for p in policies
            if _selects(p["spec"].get("podSelector", {}), callee)
            and "Ingress" in p["spec"].get("policyTypes", ["Ingress"])
        ]
        for caller in {a for a, b in pairs if b == callee} if over else ():
            if not any(_lets_in(rule, caller) for p in over for rule in p["spec"].get("ingress", [])):
                out[caller, callee] = "timeout"
    return out


def _no_dns(objects: Objects) -> bool:
    pods = objects.find("Pod", "kube-system", {"k8s-app": "kube-dns"})
    return bool(pods) and not any(_ready(p) for p in pods)


def _ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def _endpoints(objects: Objects, namespace: str, name: str) -> bool:
    """Somebody ready behind the Service, on a port that its container has. No Service at all: others route it."""
    service = objects.get("Service", namespace, name)
    if service is None:
        return True
    there = objects.get("Endpoints", namespace, name)
    ready = [a for s in (there or {}).get("subsets", []) for a in s.get("addresses", [])]
    if not ready:
        return False
    pod = objects.get("Pod", namespace, ready[0]["targetRef"]["name"])
    ports = [p for c in (pod or {}).get("spec", {}).get("containers", []) for p in c.get("ports", [])]
    known = {p.get("containerPort") for p in ports} | {p.get("name") for p in ports}
    targets = {p.get("targetPort", p["port"]) for p in service["spec"].get("ports", [])}
    return not ports or bool(targets & known)


def _selects(selector: Object, name: str) -> bool:
    labels = selector.get("matchLabels", {})
    return not labels or labels.get("app") == name


def _lets_in(rule: Object, caller: str) -> bool:
    peers = rule.get("from", [])
    return not peers or any(_selects(p.get("podSelector", {}), caller) for p in peers)
