"""Set an autoscaler's minimum to what the coming day's load needs, by the forecast."""

import math

import numpy as np

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.remediate.action import Action, Draft, Situation
from watchkeeper.remediate.actions.autoscaler_bounds import autoscaler


def draft(situation: Situation) -> Draft | str:
    """Fits a workload with an autoscaler, a load measured in normal time, and a forecast above it."""
    name = situation.workload.name
    found, expected = autoscaler(situation), situation.background.expected_load.get(name)
    if found is None:
        return "no HorizontalPodAutoscaler scales it"
    if not expected:
        return "its load of the coming day was not foreseen"
    normal = _normal(situation)
    if not normal:
        return "its load in normal time was not measured"
    spec = found.get("spec", {})
    before, most = int(spec.get("minReplicas", 1)), int(spec.get("maxReplicas", 1))
    after = min(math.ceil(before * expected / normal), 2 * before, most)
    if after <= before:
        return f"its {before} pods are enough for the {expected:.3g} requests/s that are foreseen"
    hpa = str(found["metadata"]["name"])
    words = f"raise the minimum of the autoscaler {hpa} from {before} to {after}: {expected:.3g} requests/s are foreseen, {normal:.3g} are usual"
    change = FieldChange("spec.minReplicas", before, after)
    target = situation.beside("HorizontalPodAutoscaler", hpa)
    return Draft(
        {"minimum": after}, (change,), words, f"put the minimum back to {before}", Risk.LOW, target, found, hours=24
    )


def _normal(situation: Situation) -> float:
    onset = situation.evidence.window.onset.timestamp()
    before = [
        s.values[(s.times < onset) & np.isfinite(s.values)]
        for s in situation.evidence.metrics
        if s.service == situation.workload.name and s.metric == "workload"
    ]
    values = np.concatenate([*before, np.empty(0)])
    return float(np.median(values)) if len(values) else 0.0


ACTION = Action(
    "autoscaling_from_forecast", "Set an autoscaler's minimum from the forecast", draft,
    applies="Load beyond what the pods carry is foreseen for the coming day.",
    preconditions=("a HorizontalPodAutoscaler scales the workload", "the prediction room foresees its load", "its usual load was measured"),
    radius="New pods of the workload, for a day.",
    risk="Low.",
    undo="Put the minimum back; its removal is proposed after a day.",
    never=("lowers a minimum", "more than doubles it", "goes beyond the maximum"),
    kinds=("HorizontalPodAutoscaler",),
)  # fmt: skip
