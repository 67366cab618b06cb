"""Autoscalers on CPU: a little like the real one, a round every fifteen seconds."""

import copy
import math

from watchkeeper.simulate.cluster.objects import Object, Objects, iso
from watchkeeper.simulate.cluster.scheduling import requested
from watchkeeper.simulate.ports import Runtime

_ROUND = 15.0


def reconcile(objects: Objects, runtime: Runtime, now: float) -> None:
    """One round over all autoscalers whose last one is long enough ago."""
    for scaler in objects.find("HorizontalPodAutoscaler"):
        if now - scaler.get("status", {}).get("simulatedAt", 0.0) >= _ROUND:
            _round(objects, runtime, scaler, now)


def _round(objects: Objects, runtime: Runtime, scaler: Object, now: float) -> None:
    spec, space = scaler["spec"], scaler["metadata"]["namespace"]
    target = objects.get(spec["scaleTargetRef"]["kind"], space, spec["scaleTargetRef"]["name"])
    if target is None:
        return
    pods = [
        p
        for p in objects.find("Pod", space, target["spec"]["selector"]["matchLabels"])
        if p["status"].get("phase") == "Running"
    ]
    asked = sum(requested(p, "cpu") for p in pods)
    percent = 100 * sum(runtime.usage(p["metadata"]["uid"]).cpu for p in pods) / asked if asked else 0.0
    aim = float(spec["metrics"][0]["resource"]["target"]["averageUtilization"]) if spec.get("metrics") else 80.0
    current = int(target["spec"].get("replicas", 1))
    raw = math.ceil(current * percent / aim) if abs(percent / aim - 1) > 0.1 else current
    least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
    wanted = min(max(raw, least), most)
    if wanted > current:
        after = copy.deepcopy(target)
        after["spec"]["replicas"] = wanted
        objects.put(after, now)
    limited = "TooManyReplicas" if raw > most else "TooFewReplicas" if raw < least else ""
    status = {
        "currentReplicas": current, "desiredReplicas": wanted, "simulatedAt": now,
        "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": round(percent)}}}],
        "conditions": [
            _condition(scaler, "AbleToScale", True, "ReadyForNewScale", now), _condition(scaler, "ScalingActive", True, "ValidMetricFound", now),
            _condition(scaler, "ScalingLimited", bool(limited), limited or "DesiredWithinRange", now),
        ],
    }  # fmt: skip
    objects.put({**scaler, "status": status}, now)


def _condition(scaler: Object, kind: str, holds: bool, reason: str, now: float) -> Object:
    known = next((c for c in scaler.get("status", {}).get("conditions", []) if c["type"] == kind), None)
    status = "True" if holds else "False"
    since = known["lastTransitionTime"] if known and known["status"] == status else iso(now)
    return {"type": kind, "status": status, "reason": reason, "message": reason, "lastTransitionTime": since}
