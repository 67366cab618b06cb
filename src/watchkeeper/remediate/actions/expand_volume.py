"""Give a full volume more room."""

import math
from collections.abc import Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.estate.fields import quantity
from watchkeeper.remediate.action import Action, Draft, Situation

_GIB = 2.0**30


def draft(situation: Situation) -> Draft | str:
    """Fits the one claim the workload mounts, where its storage class may expand."""
    names = [
        str(v["persistentVolumeClaim"]["claimName"]) for v in situation.pod_spec.get("volumes") or []
        if (v.get("persistentVolumeClaim") or {}).get("claimName")
    ]  # fmt: skip
    if len(names) != 1:
        return (
            "it mounts no volume claim"
            if not names
            else f"it mounts {', '.join(names)}: which one is full is not known"
        )
    claim = next((c for c in situation.objects("PersistentVolumeClaim") if c["metadata"].get("name") == names[0]), None)
    if claim is None:
        return f"the volume claim {names[0]} was not seen"
    return _expanded(situation, names[0], claim)


def _expanded(situation: Situation, name: str, claim: Mapping[str, Any]) -> Draft | str:
    wanted = str(claim.get("spec", {}).get("storageClassName", ""))
    known = [
        o for o in situation.evidence.objects if o.get("kind") == "StorageClass" and o["metadata"].get("name") == wanted
    ]
    if not any(o.get("allowVolumeExpansion") for o in known):
        return f"the storage class {wanted or '(none)'} is not known to allow expansion"
    before = claim.get("spec", {}).get("resources", {}).get("requests", {}).get("storage")
    size = quantity(before)
    if not size:
        return f"the claim {name} does not say how large it is"
    after = f"{math.ceil(size * 1.5 / _GIB)}Gi"
    change = FieldChange("spec.resources.requests.storage", before, after)
    words = f"expand the volume claim {name} from {before} to {after}"
    target = situation.beside("PersistentVolumeClaim", name)
    # Volumes grow, they never shrink.
    return Draft(
        {"storage": after},
        (change,),
        words,
        "a volume cannot shrink: it stays",
        Risk.MEDIUM,
        target,
        claim,
        reversible=False,
    )


ACTION = Action(
    "expand_volume", "Expand a volume", draft,
    applies="Writes fail for want of space.",
    preconditions=("the workload mounts exactly one volume claim", "its storage class allows expansion"),
    radius="The volume; some drivers want the pod restarted.",
    risk="Medium: it cannot be taken back.",
    undo="None: a volume cannot shrink.",
    never=("deletes files", "detaches a volume", "makes a volume smaller"),
    kinds=("PersistentVolumeClaim",),
)  # fmt: skip
