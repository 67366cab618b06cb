"""Gateways and routes that are not accepted, or lead to nothing."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, conditions, quoted, ref


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """By the controllers' conditions and by names."""
    for thing in snapshot.of("GatewayClass", "Gateway"):
        yield from _accepted(snapshot, thing)
    for gateway in snapshot.of("Gateway"):
        class_ = Ref("GatewayClass", "", str((gateway.get("spec") or {}).get("gatewayClassName") or ""))
        if class_.name and snapshot.exists(class_) is False:
            yield _broken(
                ref(gateway), f"{ref(gateway)} asks for {class_}, which does not exist", "use a class that exists"
            )
    for route in snapshot.of("HTTPRoute"):
        yield from _route(snapshot, route)


def _accepted(snapshot: Snapshot, thing: Thing) -> Iterable[Symptom]:
    accepted = conditions(thing).get("Accepted", {})
    if accepted.get("status") == "False" and snapshot.settled(accepted.get("lastTransitionTime")):
        who = ref(thing)
        proofs = (
            Proof(f"{who}: Accepted is False, {accepted.get('reason', '?')}"),
            Proof(quoted(accepted.get("message", "")), trusted=False),
        )
        yield Symptom(
            "configuration", who, who, f"{who} is not accepted", "read the controller's message", 0.85, 0, proofs
        )


def _route(snapshot: Snapshot, route: Thing) -> Iterable[Symptom]:
    who, spec = ref(route), route.get("spec") or {}
    for parent in spec.get("parentRefs") or []:
        gateway = Ref("Gateway", str(parent.get("namespace") or who.namespace), str(parent.get("name", "")))
        there = snapshot.get(gateway)
        if there is None and snapshot.exists(gateway) is False:
            yield _broken(who, f"{who} hangs on {gateway}, which does not exist", "correct parentRefs")
        elif there is not None and gateway.namespace != who.namespace and not _lets_in(there):
            yield _broken(
                who,
                f"{gateway} lets in no route of other namespaces, as {who} is",
                "set allowedRoutes of the listener, or move the route",
            )
    for rule in spec.get("rules") or []:
        for backend in rule.get("backendRefs") or []:
            yield from _backend(snapshot, who, backend)


def _lets_in(gateway: Thing) -> bool:
    listeners = (gateway.get("spec") or {}).get("listeners") or []
    return any(
        (((x.get("allowedRoutes") or {}).get("namespaces") or {}).get("from") or "Same") != "Same" for x in listeners
    )


def _backend(snapshot: Snapshot, who: Ref, backend: Thing) -> Iterable[Symptom]:
    if backend.get("kind", "Service") != "Service":
        return
    service = Ref("Service", str(backend.get("namespace") or who.namespace), str(backend.get("name", "")))
    there = snapshot.get(service)
    if there is None:
        if snapshot.exists(service) is False:
            yield _broken(who, f"{who} sends to {service}, which does not exist", "correct the backend's name", service)
    elif backend.get("port") and all(
        p.get("port") != backend["port"] for p in (there.get("spec") or {}).get("ports") or []
    ):
        yield _broken(
            who,
            f"{who} sends to port {backend['port']} of {service}, which has none such",
            "correct the backend's port",
        )


def _broken(who: Ref, words: str, fix: str, cause: Ref | None = None) -> Symptom:
    return Symptom("configuration", who, cause or who, words, fix, 0.9, 0, (Proof(f"spec of {who}"),))


RULE = Rule("gateway", look)
