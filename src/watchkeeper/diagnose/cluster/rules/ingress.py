"""Ingresses that lead nowhere: no class, no backend, no such port, no TLS secret."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.diagnose.cluster.cause_graph import backends
from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, is_ready, ref

_OLD_CLASS = "kubernetes.io/ingress.class"


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Names are looked up; a backend without ready pods is a consequence."""
    for ingress in snapshot.of("Ingress"):
        yield from _class(snapshot, ingress)
        yield from _backends(snapshot, ingress)
        for entry in (ingress.get("spec") or {}).get("tls") or []:
            secret = Ref("Secret", ref(ingress).namespace, str(entry.get("secretName") or ""))
            if secret.name and snapshot.exists(secret) is False:
                words = f"{ref(ingress)} names {secret} for TLS, which does not exist"
                yield _symptom(ref(ingress), secret, words, "create it, or correct the name", "certificate", 0.85)


def _class(snapshot: Snapshot, ingress: Thing) -> Iterable[Symptom]:
    who, spec = ref(ingress), ingress.get("spec") or {}
    name = spec.get("ingressClassName")
    classes = snapshot.of("IngressClass")
    if name and snapshot.exists(Ref("IngressClass", "", str(name))) is False:
        words = f"{who} asks for the ingress class {name}, which does not exist"
        yield _symptom(who, who, words, "use a class that exists", "configuration", 0.9)
    default = any(
        (c["metadata"].get("annotations") or {}).get("ingressclass.kubernetes.io/is-default-class") == "true"
        for c in classes
    )
    if not name and _OLD_CLASS not in (ingress["metadata"].get("annotations") or {}) and classes and not default:
        yield _symptom(
            who,
            who,
            f"{who} names no class and none is the default",
            "set ingressClassName",
            "configuration",
            0.6,
            Level.AT_RISK,
        )


def _backends(snapshot: Snapshot, ingress: Thing) -> Iterable[Symptom]:
    who = ref(ingress)
    for name, port in backends(ingress.get("spec") or {}):
        service = Ref("Service", who.namespace, name)
        thing = snapshot.get(service)
        if thing is None:
            if snapshot.exists(service) is False:
                yield _symptom(
                    who,
                    service,
                    f"{who} sends to {service}, which does not exist",
                    "correct the backend's name",
                    "configuration",
                    0.92,
                )
            continue
        if not _has(thing, port):
            words = f"{who} sends to port {port.get('name') or port.get('number')} of {service}, which has none such"
            yield _symptom(who, who, words, "correct the backend's port", "configuration", 0.92)
        selector = (thing.get("spec") or {}).get("selector")
        if selector and not any(is_ready(p) for p in snapshot.selected(who.namespace, selector)):
            yield Symptom(
                "dependency",
                who,
                who,
                f"{who} has nothing ready behind {service}",
                f"see to {service}",
                0.6,
                4,
                (Proof(f"no ready pod behind {service}"),),
            )


def _has(service: Thing, port: Mapping[str, Any]) -> bool:
    known = (service.get("spec") or {}).get("ports") or []
    return not port or any(
        (p.get("name") == port.get("name") and port.get("name")) or p.get("port") == port.get("number") for p in known
    )


def _symptom(
    who: Ref, cause: Ref, words: str, fix: str, kind: str, weight: float, level: Level = Level.BROKEN
) -> Symptom:
    return Symptom(kind, who, cause, words, fix, weight, 0, (Proof(f"spec of {who}"),), level=level)


RULE = Rule("ingress", look)
