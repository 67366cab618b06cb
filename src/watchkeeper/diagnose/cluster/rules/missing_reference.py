"""ConfigMaps, Secrets, keys, claims and service accounts that pods name and that are not there."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.diagnose.cluster.cause_graph import references
from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import (
    Ref,
    Snapshot,
    Thing,
    conditions,
    containers,
    is_ready,
    message_of,
    quoted,
    ref,
)
from watchkeeper.diagnose.objects import container_states, moment

_WAITING = ("CreateContainerConfigError", "CreateContainerError")
_FIX = "create it, correct the name, or undo the change that took it away"


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Pods that cannot start for it are broken; ready pods whose next start will fail are at risk."""
    for pod in snapshot.pods:
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            continue
        waits = _waits(pod)
        gone = [r for r in references(snapshot.template(pod), ref(pod).namespace) if _missing(snapshot, r)]
        for absent in gone:
            yield _symptom(snapshot, pod, absent, waits)
        if waits and not gone:
            yield _unnamed(snapshot, pod, waits)


def _waits(pod: Thing) -> str:
    """The reason for which a container is not created, "" where all were."""
    for status in container_states(pod):
        reason = str(((status.get("state") or {}).get("waiting") or {}).get("reason", ""))
        if reason in _WAITING:
            return reason
    return ""


def _missing(snapshot: Snapshot, who: Ref) -> bool:
    # A token controller makes the default account of every namespace; pull secrets that are absent are skipped over.
    return snapshot.exists(who) is False and (who.kind, who.name) != ("ServiceAccount", "default")


def _symptom(snapshot: Snapshot, pod: Thing, absent: Ref, waits: str) -> Symptom:
    owner, who = snapshot.workload_of(pod), ref(pod)
    ready = is_ready(pod)
    near = difflib.get_close_matches(
        absent.name, [ref(t).name for t in snapshot.of(absent.kind) if ref(t).namespace == absent.namespace], 1, 0.75
    )
    words = f"{owner} needs {absent}, which does not exist" + (f"; there is one named {near[0]}" if near else "")
    proofs = [Proof(f"{who} names {absent}; it is not among the objects of its namespace")]
    proofs += [Proof(f"{who}: {waits}")] if waits else []
    proofs += [Proof(quoted(message_of(e)), trusted=False) for e in snapshot.events(who, "FailedMount", "Failed")[-1:]]
    kind = "storage" if absent.kind == "PersistentVolumeClaim" else "configuration"
    level = Level.AT_RISK if ready else Level.BROKEN
    weight = 0.4 if ready else 0.94
    since = moment(
        str(conditions(pod).get("Ready", {}).get("lastTransitionTime") or pod["metadata"].get("creationTimestamp", ""))
    )
    # A pull secret or an account that is not there does no harm while pods run.
    return Symptom(kind, who, absent, words, _FIX, weight, 0, tuple(proofs), since, level)


def _unnamed(snapshot: Snapshot, pod: Thing, waits: str) -> Symptom:
    """The kubelet waits for a key, or for an object of a kind that could not be read."""
    owner, who = snapshot.workload_of(pod), ref(pod)
    keys = [k for c in containers(snapshot.template(pod)) for k in _absent_keys(snapshot, c, who.namespace)]
    said = [m for s in container_states(pod) if (m := ((s.get("state") or {}).get("waiting") or {}).get("message"))]
    said += [message_of(e) for e in snapshot.events(who, "Failed")[-1:]]
    why = f"{keys[0]} does not exist" if keys else "something it names is not there"
    proofs = [Proof(f"{who}: {waits}"), *(Proof(quoted(t), trusted=False) for t in dict.fromkeys(said))]
    since = moment(str(pod["metadata"].get("creationTimestamp", "")))
    return Symptom(
        "configuration",
        who,
        owner,
        f"a container of {owner} cannot be created: {why}",
        _FIX,
        0.9,
        0,
        tuple(proofs),
        since,
    )


def _absent_keys(snapshot: Snapshot, container: Mapping[str, Any], namespace: str) -> list[str]:
    out = []
    for variable in container.get("env") or []:
        source = (variable.get("valueFrom") or {}).get("configMapKeyRef") or {}
        there = snapshot.get(Ref("ConfigMap", namespace, str(source.get("name", ""))))
        known = {**((there or {}).get("data") or {}), **((there or {}).get("binaryData") or {})}
        if there is not None and source.get("key") not in known and not source.get("optional"):
            out.append(f"key {source.get('key')} of {ref(there)}")
    return out


RULE = Rule("missing_reference", look)
