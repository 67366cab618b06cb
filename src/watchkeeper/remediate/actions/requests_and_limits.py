"""Set CPU: a limit that throttles is raised, requests that keep pods from finding a node are lowered to what is used."""

import math

import numpy as np

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.fields import quantity
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template
from watchkeeper.remediate.actions.raise_quota import used_up


def draft(situation: Situation) -> Draft | str:
    """Fits a container with a CPU limit (CPU saturated), or with requests far above use (pods cannot be scheduled)."""
    container = situation.container()
    if container is None:
        return "it has several containers and none is named like it: which one is not known"
    resources = container.get("resources") or {}
    if situation.cause.kind == "scheduling":
        return _lower(situation, str(container["name"]), resources)
    return _raise(situation, str(container["name"]), resources)


def _raise(situation: Situation, container: str, resources: dict[str, dict[str, str]]) -> Draft | str:
    before = (resources.get("limits") or {}).get("cpu")
    limit = quantity(before)
    if not limit:
        return f"container {container} has no CPU limit"
    after = f"{math.ceil(limit * 1.5 * 1000 / 50) * 50}m"
    path = template(f"spec.containers[name={container}].resources.limits.cpu")
    words = f"raise the CPU limit of {situation.workload.name} from {before} to {after}"
    change = FieldChange(path, before, after)
    undo = f"put the CPU limit back to {before}"
    return Draft({"container": container, "cpu": after}, (change,), words, undo, single_pod_risk(situation))


def _lower(situation: Situation, container: str, resources: dict[str, dict[str, str]]) -> Draft | str:
    problem = _not_for_cpu(situation, resources)
    if problem:
        return problem
    before = (resources.get("requests") or {}).get("cpu")
    asked, used = quantity(before), _most_used(situation)
    if not asked:
        return f"container {container} asks for no CPU"
    if used is None:
        return "its CPU use was not measured, so what it needs is not known"
    wanted = max(1.5 * used, 0.01)
    if wanted > 0.7 * asked:
        return "it needs about what it asks for"
    after = f"{math.ceil(wanted * 1000 / 10) * 10}m"
    path = template(f"spec.containers[name={container}].resources.requests.cpu")
    words = (
        f"lower the CPU request of {situation.workload.name} from {before} to {after}, 1.5 times what it used at most"
    )
    change = FieldChange(path, before, after)
    return Draft(
        {"container": container, "cpu": after},
        (change,),
        words,
        f"put the request back to {before}",
        single_pod_risk(situation),
    )


def _not_for_cpu(situation: Situation, resources: dict[str, dict[str, str]]) -> str:
    """Why less CPU would not find it a machine; "" where it might."""
    if full := used_up(situation):
        return f"the quota's {full[0][1]} is used up: new pods are refused whatever they ask for"
    nodes = [o for o in situation.evidence.objects if o.get("kind") == "Node"]
    wanted = (situation.pod_spec.get("nodeSelector") or {}).items()
    fitting = [n for n in nodes if wanted <= (n["metadata"].get("labels") or {}).items()]
    if nodes and not fitting:
        return "no machine carries the labels it asks for"
    memory = quantity((resources.get("requests") or {}).get("memory"))
    room = [quantity((n.get("status", {}).get("allocatable") or {}).get("memory")) for n in fitting]
    if memory and room and all(r is not None and memory > r for r in room):
        return "it asks for more memory than any machine has"
    return ""


def _most_used(situation: Situation) -> float | None:
    """Cores."""
    tops = [
        float(np.nanmax(s.values))
        for s in situation.evidence.metrics
        if s.service == situation.workload.name and s.metric == "cpu" and np.isfinite(s.values).any()
    ]
    return max(tops) / 1000 if tops else None


ACTION = Action(
    "requests_and_limits", "Set requests and limits", draft,
    applies="The kernel holds a container back at its CPU limit, or pods wait for a node because they ask for far more than they use.",
    preconditions=("one container is meant for certain", "lowering a request: its use was measured"),
    radius="All its pods, one after the other.",
    risk="Low with two pods or more, medium with one.",
    undo="Put the value back.",
    never=("removes a limit", "lowers memory", "asks for less than 1.5 times what was used at most"),
)  # fmt: skip
