"""Add replicas: half as many again, at least one, at most double."""

import math

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.estate.owners import owner_of
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """Fits a Deployment that no autoscaler owns and that is not scaled to zero on purpose."""
    if situation.workload.kind != "Deployment":
        return f"a {situation.workload.kind} is not scaled out without knowing its data"
    if situation.replicas < 1:
        return "it is scaled to zero, which somebody meant"
    owner = owner_of("spec.replicas", situation.workload, situation.live, situation.evidence.objects)
    if owner:
        return f"{owner} owns its replicas"
    before = situation.replicas
    after = before + max(1, math.ceil(before / 2))
    words = f"scale {situation.workload.name} out from {before} to {after} pods"
    change = FieldChange("spec.replicas", before, after)
    return Draft({"replicas": after}, (change,), words, f"scale back to {before} pods", Risk.LOW)


ACTION = Action(
    "scale_out", "Add replicas", draft,
    applies="The pods burn more CPU than they have, or more requests arrive than they can carry.",
    preconditions=("it is a Deployment", "no autoscaler owns its replicas", "it is not scaled to zero"),
    radius="New pods of the Deployment; the running ones are not touched.",
    risk="Low.",
    undo="Scale back.",
    never=("scales down or to zero", "more than doubles", "goes alone beyond twice the number a person last set"),
    automatic=True, kinds=("Deployment",),
)  # fmt: skip
