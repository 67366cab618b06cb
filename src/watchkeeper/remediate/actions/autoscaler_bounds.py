"""Raise the upper bound of an autoscaler that stands at it."""

import math
from collections.abc import Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """Fits a workload whose HorizontalPodAutoscaler wants more than its maximum."""
    found = autoscaler(situation)
    if found is None:
        return "no HorizontalPodAutoscaler scales it"
    name, spec, status = str(found["metadata"]["name"]), found.get("spec", {}), found.get("status", {})
    most = int(spec.get("maxReplicas", 0))
    if int(status.get("currentReplicas", 0)) < most:
        return f"the autoscaler {name} is not at its maximum of {most}"
    after = most + max(1, math.ceil(most / 2))
    words = f"raise the maximum of the autoscaler {name} from {most} to {after}"
    change = FieldChange("spec.maxReplicas", most, after)
    target = situation.beside("HorizontalPodAutoscaler", name)
    return Draft({"maximum": after}, (change,), words, f"put the maximum back to {most}", Risk.MEDIUM, target, found)


def autoscaler(situation: Situation) -> Mapping[str, Any] | None:
    """The one that scales the workload."""
    for thing in situation.objects("HorizontalPodAutoscaler"):
        to = thing.get("spec", {}).get("scaleTargetRef", {})
        if (to.get("kind"), to.get("name")) == (situation.workload.kind, situation.workload.name):
            return thing
    return None


ACTION = Action(
    "autoscaler_bounds", "Raise an autoscaler's maximum", draft,
    applies="Load asks for more pods than the autoscaler may make.",
    preconditions=("a HorizontalPodAutoscaler scales the workload", "it stands at its maximum"),
    radius="New pods of the workload; the nodes must have room.",
    risk="Medium: it costs money as long as the load lasts.",
    undo="Put the maximum back.",
    never=("lowers a bound", "more than doubles the maximum", "edits the replicas that the autoscaler owns"),
    kinds=("HorizontalPodAutoscaler",),
)  # fmt: skip
