"""Add replicas: half as many again, at least one, at most double."""

import math

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """Fits a Deployment that no autoscaler owns and that is not scaled to zero on purpose."""
    if situation.workload.kind != "Deployment":
        return f"a {situation.workload.kind} is not scaled out without knowing its data"
    if situation.replicas < 1:
        return "it is scaled to zero, which somebody meant"
    owner = _autoscaler(situation)
    if owner:
        return f"the autoscaler {owner} owns its replicas"
    before = situation.replicas
    after = before + max(1, math.ceil(before / 2))
    words = f"scale {situation.workload.name} out from {before} to {after} pods"
    change = FieldChange("spec.replicas", before, after)
    return Draft({"replicas": after}, (change,), words, f"scale back to {before} pods", Risk.LOW)


def _autoscaler(situation: Situation) -> str:
    for thing in situation.evidence.objects:
        target = (
            thing.get("spec", {}).get("scaleTargetRef", {}) if thing.get("kind") == "HorizontalPodAutoscaler" else {}
        )
        same_place = thing.get("metadata", {}).get("namespace") == situation.workload.namespace
        if same_place and (target.get("kind"), target.get("name")) == ("Deployment", situation.workload.name):
            return str(thing["metadata"].get("name", ""))
    return ""


ACTION = Action("scale_out", "Add replicas", draft)
