"""Make a service find its pods again: its selector, or the port it sends to."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """Fits a Service named like the workload whose selector misses its pods by one label, or whose port misses the container's."""
    name = situation.workload.name
    service = next((s for s in situation.objects("Service") if s["metadata"].get("name") == name), None)
    if service is None:
        return f"no Service is named {name}"
    change = _selector(situation, service) or _port(situation, service)
    if change is None:
        return f"the Service {name} selects the pods and sends to a port they declare"
    words = f"set {change.path} of the Service {name} from {change.before} to {change.after}, as its pods have it"
    undo = f"put it back to {change.before}"
    target = situation.beside("Service", name)
    return Draft({"field": change.path, "value": change.after}, (change,), words, undo, Risk.MEDIUM, target, service)


def _selector(situation: Situation, service: Mapping[str, Any]) -> FieldChange | None:
    wanted = service.get("spec", {}).get("selector") or {}
    wrong = [k for k, v in wanted.items() if situation.labels.get(k) != v]
    if len(wrong) != 1 or wrong[0] not in situation.labels:
        return None
    return FieldChange(f'spec.selector["{wrong[0]}"]', wanted[wrong[0]], situation.labels[wrong[0]])


def _port(situation: Situation, service: Mapping[str, Any]) -> FieldChange | None:
    declared = [p for c in situation.containers for p in c.get("ports") or []]
    ports = service.get("spec", {}).get("ports") or []
    if len(declared) != 1 or len(ports) != 1:
        return None
    known = {str(declared[0].get("containerPort")), str(declared[0].get("name"))}
    aimed = ports[0].get("targetPort", ports[0].get("port"))
    if str(aimed) in known:
        return None
    return FieldChange(f"spec.ports[port={ports[0].get('port')}].targetPort", aimed, declared[0].get("containerPort"))


ACTION = Action(
    "fix_selector", "Fix a service's selector or port", draft,
    applies="A service is up, but no request reaches it: its Service selects no pod or sends to a port nobody listens on.",
    preconditions=("a Service has the workload's name", "exactly one label or the one port differs from what the pods have"),
    radius="Everybody who calls the service; no pod is touched.",
    risk="Medium: all traffic of the service goes by it.",
    undo="Put the field back.",
    never=("changes the pods' labels", "adds or removes labels of the selector", "guesses between several ports"),
    kinds=("Service",),
)  # fmt: skip
