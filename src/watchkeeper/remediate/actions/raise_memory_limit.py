"""Raise a memory limit to 1.5 times, or 1.3 times the peak that was measured; never to more than double."""

import math

import numpy as np

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.fields import quantity
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template
from watchkeeper.remediate.leak import grows_again, leak_words

_MIB = 2.0**20
_BOUGHT = 72
"""Hours that a raise for a leak lasts before its removal is proposed."""


def draft(situation: Situation) -> Draft | str:
    """Fits a container with a memory limit."""
    name, tried = situation.workload.name, situation.background.tried
    leak = leak_words(situation.evidence, name, tried)
    if leak:
        return leak
    container = situation.container()
    if container is None:
        return "it has several containers and none is named like it: which one is not known"
    limits = container.get("resources", {}).get("limits", {})
    limit = quantity(limits.get("memory"))
    if not limit:
        return f"container {container.get('name')} has no memory limit"
    wanted = min(max(1.5 * limit, 1.3 * _peak(situation)), 2 * limit)
    after = f"{math.ceil(wanted / _MIB / 16) * 16}Mi"
    path = template(f"spec.containers[name={container['name']}].resources.limits.memory")
    words = f"raise the memory limit of {situation.workload.name} from {limits['memory']} to {after}"
    change = FieldChange(path, limits["memory"], after)
    undo = f"put the memory limit back to {limits['memory']}"
    arguments = {"container": container["name"], "memory": after}
    # Memory that grows again after each restart: more of it only buys time, and not for ever.
    hours = _BOUGHT if grows_again(situation.evidence, name) else 0
    return Draft(arguments, (change,), words, undo, single_pod_risk(situation), hours=hours)


def _peak(situation: Situation) -> float:
    """Bytes: the largest working set measured, 0 if none was."""
    tops = [
        float(np.nanmax(s.values))
        for s in situation.evidence.metrics
        if s.service == situation.workload.name and s.metric == "mem" and np.isfinite(s.values).any()
    ]
    return max(tops, default=0.0) * _MIB


ACTION = Action(
    "raise_memory_limit", "Raise a memory limit", draft,
    applies="A container nears its memory limit or was OOMKilled.",
    preconditions=("one container is meant for certain", "it has a memory limit"),
    radius="All its pods, one after the other; the nodes must have room.",
    risk="Low with two pods or more, medium with one.",
    undo="Put the limit back.",
    never=(
        "more than doubles a limit", "goes alone beyond twice the value a person last set",
        "is done a second time for memory that grows again after each restart: that is a leak and wants a ticket",
    ),
    automatic=True,
)  # fmt: skip
