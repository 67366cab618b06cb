"""Point a probe at the port the container listens on."""

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template

_PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
_WAYS = ("httpGet", "tcpSocket", "grpc")


def draft(situation: Situation) -> Draft | str:
    """Fits a container that declares exactly one port, with a probe that asks another one."""
    changes: list[FieldChange] = []
    for container in situation.containers:
        changes += _wrong(container)
    if not changes:
        return "every probe asks a port that its container declares"
    words = f"point {len(changes)} probe(s) of {situation.workload.name} at the declared port {changes[0].after}"
    undo = "put the probes back"
    return Draft({"port": changes[0].after}, tuple(changes), words, undo, single_pod_risk(situation))


def _wrong(container: Mapping[str, Any]) -> Iterator[FieldChange]:
    ports = container.get("ports") or []
    if len(ports) != 1:
        return
    known = {str(ports[0].get("containerPort")), str(ports[0].get("name"))}
    for probe in _PROBES:
        for way in _WAYS:
            port = ((container.get(probe) or {}).get(way) or {}).get("port")
            if port is not None and str(port) not in known:
                path = template(f"spec.containers[name={container['name']}].{probe}.{way}.port")
                yield FieldChange(path, port, ports[0].get("containerPort"))


ACTION = Action(
    "fix_probe", "Point a probe at the right port", draft,
    applies="Pods are not ready or are killed while the process is well: the probe asks a port nobody listens on.",
    preconditions=("the container declares exactly one port", "a probe asks another one"),
    radius="All its pods, one after the other.",
    risk="Low with two pods or more, medium with one.",
    undo="Put the probe back.",
    never=("removes a probe", "makes a probe laxer", "guesses a path"),
)  # fmt: skip
