"""Which of several symptoms is the cause of the others: a graph of what each object leans on.

An edge leads from an object to one whose trouble would be its trouble too: owner to what it owns, pod to its node and to
what its template names, Service to the pods it selects, Ingress to Services, autoscaler to its target.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from watchkeeper.diagnose.cluster.snapshot import SEVERAL, Ref, Snapshot, Thing, containers, is_ready, ref

_HOST = re.compile(r"(?:^|//|@)([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)((?:\.[a-z0-9-]+)*)(?::\d+)?(?:[/?,]|$)")
_HOPS = 8


class CauseGraph:
    """Made once for a snapshot; each object's edges when first asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.leans_on = cache(self._leans_on)

    def reach(self, starts: Iterable[Ref]) -> frozenset[Ref]:
        """Everything these lean on, themselves included, within a few hops."""
        seen = set(starts)
        edge = set(seen)
        for _ in range(_HOPS):
            edge = {far for near in edge for far in self.leans_on(near)} - seen
            if not edge:
                break
            seen |= edge
        return frozenset(seen)

    def _leans_on(self, who: Ref) -> frozenset[Ref]:
        thing = self._snapshot.get(who)
        if thing is None:
            return frozenset()
        out: set[Ref] = set()
        if who.kind in (*SEVERAL, "CronJob"):
            out |= {ref(child) for child in self._snapshot.children(thing)}
        if who.kind in (*SEVERAL, "CronJob", "Pod"):
            out |= set(references(self._snapshot.template(thing), who.namespace))
            out |= self._called(thing, who)
        if who.kind == "Pod" and (node := (thing.get("spec") or {}).get("nodeName")):
            out.add(Ref("Node", "", str(node)))
        return frozenset(out | set(self._others(thing, who)))

    def _called(self, thing: Thing, who: Ref) -> set[Ref]:
        """Services that its environment names and behind which nothing is ready."""
        found = set()
        for host, namespace in hosts(self._snapshot.template(thing), who.namespace):
            service = self._snapshot.get(Ref("Service", namespace, host))
            selector = ((service or {}).get("spec") or {}).get("selector")
            if service is None or host == who.name or not selector:
                continue
            if not any(is_ready(p) for p in self._snapshot.selected(namespace, selector)):
                found.add(ref(service))
        return found

    def _others(self, thing: Thing, who: Ref) -> Iterable[Ref]:
        spec = thing.get("spec") or {}
        space = who.namespace
        match who.kind:
            case "Service":
                for pod in self._snapshot.selected(space, spec.get("selector")):
                    yield ref(pod)
                    yield self._snapshot.workload_of(pod)
                for workload in self._snapshot.of("Deployment", "StatefulSet", "DaemonSet"):
                    labels = (((workload.get("spec") or {}).get("template") or {}).get("metadata") or {}).get("labels")
                    selector = spec.get("selector") or {}
                    if ref(workload).namespace == space and selector and selector.items() <= (labels or {}).items():
                        yield ref(workload)
            case "Ingress":
                yield from (Ref("Service", space, name) for name, _ in backends(spec))
            case "HTTPRoute":
                for rule in spec.get("rules") or []:
                    for backend in rule.get("backendRefs") or []:
                        yield Ref("Service", str(backend.get("namespace") or space), str(backend.get("name", "")))
                for parent in spec.get("parentRefs") or []:
                    yield Ref("Gateway", str(parent.get("namespace") or space), str(parent.get("name", "")))
            case "Gateway":
                yield Ref("GatewayClass", "", str(spec.get("gatewayClassName", "")))
            case "HorizontalPodAutoscaler":
                target = spec.get("scaleTargetRef") or {}
                yield Ref(str(target.get("kind", "")), space, str(target.get("name", "")))
            case "PodDisruptionBudget":
                for pod in self._snapshot.chosen(space, spec.get("selector")):
                    yield ref(pod)
            case "PersistentVolumeClaim":
                yield Ref("StorageClass", "", str(spec.get("storageClassName") or ""))
                yield Ref("PersistentVolume", "", str(spec.get("volumeName") or ""))
            case "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration":
                for hook in thing.get("webhooks") or []:
                    service = (hook.get("clientConfig") or {}).get("service") or {}
                    yield Ref("Service", str(service.get("namespace", "")), str(service.get("name", "")))


def references(spec: Mapping[str, Any], namespace: str) -> list[Ref]:
    """ConfigMaps, Secrets, claims and the service account that a pod spec names and cannot do without."""
    out = [Ref("ServiceAccount", namespace, str(spec.get("serviceAccountName") or "default"))]
    out += [Ref("Secret", namespace, str(s.get("name", ""))) for s in spec.get("imagePullSecrets") or []]
    for volume in spec.get("volumes") or []:
        out += _of_volume(volume, namespace)
    for container in containers(spec):
        for source in container.get("envFrom") or []:
            out += _named(source, namespace, (("configMapRef", "ConfigMap"), ("secretRef", "Secret")))
        for variable in container.get("env") or []:
            source = variable.get("valueFrom") or {}
            out += _named(source, namespace, (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")))
    return [r for r in dict.fromkeys(out) if r.name]


def _of_volume(volume: Mapping[str, Any], namespace: str) -> list[Ref]:
    out = _named(volume, namespace, (("configMap", "ConfigMap"),))
    secret, claim = volume.get("secret") or {}, volume.get("persistentVolumeClaim") or {}
    if secret.get("secretName") and not secret.get("optional"):
        out.append(Ref("Secret", namespace, str(secret["secretName"])))
    if claim.get("claimName"):
        out.append(Ref("PersistentVolumeClaim", namespace, str(claim["claimName"])))
    for source in (volume.get("projected") or {}).get("sources") or []:
        out += _named(source, namespace, (("configMap", "ConfigMap"), ("secret", "Secret")))
    return out


def _named(source: Mapping[str, Any], namespace: str, fields: tuple[tuple[str, str], ...]) -> list[Ref]:
    found = [(kind, source.get(field) or {}) for field, kind in fields]
    return [Ref(k, namespace, str(s["name"])) for k, s in found if s.get("name") and not s.get("optional")]


def hosts(spec: Mapping[str, Any], namespace: str) -> list[tuple[str, str]]:
    """(name, namespace) of hosts that its environment variables name: `cart:80`, `http://cart.shop.svc/x`."""
    out = []
    for container in containers(spec):
        for variable in container.get("env") or []:
            for found in _HOST.finditer(str(variable.get("value") or "")[:500]):
                rest = found.group(2).strip(".").split(".") if found.group(2) else []
                if not rest or (len(rest) >= 2 and rest[1] == "svc"):
                    out.append((found.group(1), rest[0] if rest else namespace))
    return list(dict.fromkeys(out))


def backends(spec: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(service, port) of an Ingress; port is {} where none is named."""
    found = [spec.get("defaultBackend") or {}]
    for rule in spec.get("rules") or []:
        found += [p.get("backend") or {} for p in (rule.get("http") or {}).get("paths") or []]
    services = [b["service"] for b in found if b.get("service")]
    return [(str(s.get("name", "")), s.get("port") or {}) for s in services]
