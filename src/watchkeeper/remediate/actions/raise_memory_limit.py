"""Raise a memory limit to 1.5 times, or 1.3 times the peak that was measured; never to more than double."""

import math

import numpy as np

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.fields import quantity
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template

_MIB = 2.0**20


def draft(situation: Situation) -> Draft | str:
    """Fits a container with a memory limit."""
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
    return Draft({"container": container["name"], "memory": after}, (change,), words, undo, single_pod_risk(situation))


def _peak(situation: Situation) -> float:
    """Bytes: the largest working set measured, 0 if none was."""
    tops = [
        float(np.nanmax(s.values))
        for s in situation.evidence.metrics
        if s.service == situation.workload.name and s.metric == "mem" and np.isfinite(s.values).any()
    ]
    return max(tops, default=0.0) * _MIB


ACTION = Action("raise_memory_limit", "Raise a memory limit", draft)
