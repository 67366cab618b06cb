"""Probes: ports that no container has, and pods that run but do not get ready."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.diagnose.cluster.rule import Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Snapshot, Thing, conditions, is_ready, message_of, quoted, ref
from watchkeeper.diagnose.objects import moment

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """A running pod that stays unready; where a probe's port does not exist, that is why."""
    for pod in snapshot.pods:
        status = pod.get("status") or {}
        if status.get("phase") != "Running" or is_ready(pod) or status.get("reason") == "Evicted":
            continue
        running = [
            s
            for s in status.get("containerStatuses") or []
            if (s.get("state") or {}).get("running") and not s.get("ready")
        ]
        if not running or not snapshot.settled(max(str(s["state"]["running"].get("startedAt") or "") for s in running)):
            continue
        yield _unready(snapshot, pod, [str(s.get("name", "")) for s in running])


def _unready(snapshot: Snapshot, pod: Thing, names: list[str]) -> Symptom:
    owner, who = snapshot.workload_of(pod), ref(pod)
    events = snapshot.events(who, "Unhealthy", "ProbeWarning")
    since = moment(str(conditions(pod).get("Ready", {}).get("lastTransitionTime", "")))
    proofs = [Proof(f"{who} runs but is not ready")]
    proofs += [Proof(quoted(message_of(e)), trusted=False) for e in events[-2:]]
    for container in snapshot.template(pod).get("containers") or []:
        for name in _PROBES if container.get("name") in names else ():
            wrong = wrong_port(container, container.get(name) or {})
            if wrong:
                proofs.insert(0, Proof(f"{name} of container {container['name']} asks port {wrong}"))
                words = f"the {name} of {owner} asks port {wrong}, which container {container['name']} does not have"
                return Symptom(
                    "configuration",
                    who,
                    owner,
                    words,
                    f"point the {name} at a port of the container",
                    0.92,
                    0,
                    tuple(proofs),
                    since,
                )
    asked = "its readiness probe fails" if events else "it does not get ready"
    words = f"pods of {owner} run, but {asked}"
    fix = "compare the probe's path and port with what the process serves; look at the process's own log and at what it needs"
    return Symptom("errors", who, owner, words, fix, 0.5, 1, tuple(proofs), since)


def wrong_port(container: Mapping[str, Any], probe: Mapping[str, Any]) -> str:
    """The port a probe asks that the container does not declare; "" where it fits or nobody can tell."""
    asks: Mapping[str, Any] = next((probe[k] for k in ("httpGet", "tcpSocket", "grpc") if probe.get(k)), {})
    port, declared = asks.get("port"), container.get("ports") or []
    if port is None or not declared:
        return ""
    known = {p.get("containerPort") for p in declared} | {p.get("name") for p in declared if p.get("name")}
    number = int(port) if isinstance(port, str) and port.isdigit() else port
    return "" if number in known else str(port)


RULE = Rule("probe", look)
