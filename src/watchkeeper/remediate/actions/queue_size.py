"""Raise the number of messages a consumer takes at once, where a variable names it."""

import re

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.remediate.action import Action, Draft, Situation, template

_VARIABLE = re.compile(
    r"PREFETCH(_COUNT)?$|QUEUE_(SIZE|CAPACITY|DEPTH)$|CONSUMER(S|_THREADS|_CONCURRENCY)$|MAX_IN_FLIGHT$"
)


def draft(situation: Situation) -> Draft | str:
    """Fits a container with exactly one variable that names how much it takes."""
    sizes = [
        (container["name"], variable["name"], variable["value"])
        for container in situation.containers
        for variable in container.get("env") or []
        if _VARIABLE.search(str(variable.get("name", "")).upper()) and str(variable.get("value", "")).isdigit()
    ]
    if len(sizes) != 1:
        return (
            "no environment variable names the size of a queue"
            if not sizes
            else "several variables name sizes of queues"
        )
    container, name, before = sizes[0]
    after = str(2 * int(before))
    change = FieldChange(template(f"spec.containers[name={container}].env[name={name}].value"), before, after)
    words = f"raise {name} of {situation.workload.name} from {before} to {after}"
    return Draft(
        {"container": container, "variable": name, "size": int(after)},
        (change,),
        words,
        f"put {name} back to {before}",
        Risk.MEDIUM,
    )


ACTION = Action(
    "queue_size", "Raise a queue's size or a consumer's share", draft,
    applies="Work arrives faster than the consumers take it, though they are not busy.",
    preconditions=("exactly one environment variable names how much is taken",),
    radius="All its pods, and the broker that the messages come from.",
    risk="Medium: more messages in flight need memory.",
    undo="Put the variable back.",
    never=("purges a queue", "touches the broker", "more than doubles the size"),
)  # fmt: skip
