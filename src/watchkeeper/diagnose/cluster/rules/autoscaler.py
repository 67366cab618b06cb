"""Autoscalers that cannot scale: no metrics, no target, no requests to reckon with, or nothing left to give."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, conditions, counted, quoted, ref
from watchkeeper.diagnose.objects import moment

_SCALABLE = ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """At its minimum by design is no trouble; at its maximum is."""
    for scaler in snapshot.of("HorizontalPodAutoscaler"):
        told = _target(snapshot, scaler) or _conditions(snapshot, scaler)
        if told is not None:
            yield told


def _target(snapshot: Snapshot, scaler: Thing) -> Symptom | None:
    who, spec = ref(scaler), scaler.get("spec") or {}
    said = spec.get("scaleTargetRef") or {}
    target = Ref(str(said.get("kind", "")), who.namespace, str(said.get("name", "")))
    proofs = (Proof(f"scaleTargetRef of {who} is {target.kind} {target.name}"),)
    if target.kind not in _SCALABLE and str(said.get("apiVersion", "apps/v1")).split("/")[0] in ("apps", "v1"):
        return Symptom(
            "configuration",
            who,
            who,
            f"{who} scales a {quoted(target.kind, 40)}, which cannot be scaled",
            "point it at a Deployment or StatefulSet",
            0.8,
            0,
            proofs,
        )
    if target.kind in _SCALABLE and snapshot.exists(target) is False:
        return Symptom(
            "configuration",
            who,
            who,
            f"{who} scales {target}, which does not exist",
            "correct its target",
            0.85,
            0,
            proofs,
        )
    thing = snapshot.get(target)
    if thing is None or not _by_utilization(spec):
        return None
    bare = [
        c
        for c in snapshot.template(thing).get("containers") or []
        if not any((c.get("resources") or {}).get(k) for k in ("requests", "limits"))
    ]
    if bare:
        words = f"{who} scales by utilization, but container {bare[0].get('name')} of {target} has no requests"
        return Symptom(
            "configuration",
            who,
            target,
            words,
            "set requests on every container of the target",
            0.8,
            0,
            proofs,
            level=Level.AT_RISK,
        )
    return None


def _by_utilization(spec: Thing) -> bool:
    return any(
        ((m.get("resource") or {}).get("target") or {}).get("type") == "Utilization" for m in spec.get("metrics") or []
    )


def _conditions(snapshot: Snapshot, scaler: Thing) -> Symptom | None:
    who, known = ref(scaler), conditions(scaler)
    for kind in ("AbleToScale", "ScalingActive"):
        condition = known.get(kind, {})
        off = condition.get("reason") == "ScalingDisabled"  # its target is scaled to zero: meant
        if condition.get("status") == "False" and not off and snapshot.settled(condition.get("lastTransitionTime")):
            shown = (
                Proof(f"{who}: {kind} is False, {condition.get('reason', '?')}"),
                Proof(quoted(condition.get("message", "")), trusted=False),
            )
            words = f"{who} cannot scale: {condition.get('reason', kind)}"
            fix = "see to metrics-server or the metrics adapter; set requests on the target"
            return Symptom(
                "configuration",
                who,
                who,
                words,
                fix,
                0.75,
                0,
                shown,
                moment(str(condition.get("lastTransitionTime", ""))),
                Level.AT_RISK,
            )
    limited = known.get("ScalingLimited", {})
    most = int((scaler.get("spec") or {}).get("maxReplicas") or 0)
    if (
        limited.get("status") == "True"
        and limited.get("reason") == "TooManyReplicas"
        and counted(scaler, "currentReplicas") >= most
    ):
        words = f"{who} is at its maximum of {most} and would need more"
        proofs = (Proof(f"{who}: ScalingLimited, TooManyReplicas; {counted(scaler, 'currentReplicas')} of {most}"),)
        target = (scaler.get("spec") or {}).get("scaleTargetRef") or {}
        cause = Ref(str(target.get("kind", "")), who.namespace, str(target.get("name", "")))
        return Symptom(
            "overload",
            who,
            cause,
            words,
            "raise maxReplicas, if the cluster has room; find out where the load comes from",
            0.7,
            0,
            proofs,
            moment(str(limited.get("lastTransitionTime", ""))),
            Level.AT_RISK,
        )
    return None


RULE = Rule("autoscaler", look)
