"""Double a connection pool whose size is an environment variable of the workload."""

import re

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.remediate.action import Action, Draft, Situation, template

_VARIABLE = re.compile(r"POOL(_MAX)?_SIZE$|POOL_MAX$|MAX_POOL(_SIZE)?$|MAX_CONNECTIONS$|_CONNECTIONS_MAX$")


def draft(situation: Situation) -> Draft | str:
    """Fits a container with exactly one variable that names a pool's size."""
    sizes = [
        (container["name"], variable["name"], variable["value"])
        for container in situation.containers
        for variable in container.get("env", [])
        if _VARIABLE.search(str(variable.get("name", "")).upper()) and str(variable.get("value", "")).isdigit()
    ]
    if len(sizes) != 1:
        return "no environment variable names the size of a pool" if not sizes else "several variables name pool sizes"
    container, name, before = sizes[0]
    after = str(2 * int(before))
    change = FieldChange(template(f"spec.containers[name={container}].env[name={name}].value"), before, after)
    words = f"raise the connection pool of {situation.workload.name} ({name}) from {before} to {after}"
    arguments = {"container": container, "variable": name, "size": int(after)}
    # Twice the connections reach a database that others share: never low.
    return Draft(arguments, (change,), words, f"put {name} back to {before}", Risk.MEDIUM)


ACTION = Action(
    "raise_pool_size", "Raise a connection pool", draft,
    applies="Callers wait for one of a fixed number of connections.",
    preconditions=("exactly one environment variable names the size of a pool",),
    radius="All its pods, and the database that the connections reach.",
    risk="Medium: twice the connections reach what others share.",
    undo="Put the variable back.",
    never=("touches the database's own limit", "more than doubles the size"),
)  # fmt: skip
