"""Fields of Kubernetes objects by path, and quantities such as 512Mi."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Named:
    """The entry of a list whose `key` (mostly `name`) is this."""

    name: str
    key: str = "name"

    def fits(self, entry: Any) -> bool:
        """Is this the entry?"""
        return isinstance(entry, Mapping) and self.key in entry and str(entry[self.key]) == self.name


Step = str | Named

_TOKEN = re.compile(r"""\.?([A-Za-z0-9_/-]+)|\[([A-Za-z]+)=([^\]]+)\]|\["([^"\]]+)"\]""")
_QUANTITY = re.compile(r"^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$")
_FACTORS = {
    None: 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50,
}  # fmt: skip


def steps_of(path: str) -> tuple[Step, ...]:
    """`spec.containers[name=web].env[name=A].value` or `metadata.annotations["a.b/c"]` as steps. ValueError if neither."""
    out: list[Step] = []
    at = 0
    while at < len(path):
        token = _TOKEN.match(path, at)
        if token is None:
            raise ValueError(f"not a field path: {path!r} at {at}")
        plain, key, named, quoted = token.groups()
        out.append(Named(named, key) if named else str(plain or quoted))
        at = token.end()
    return tuple(out)


def read(thing: Any, path: str) -> Any:
    """The value at a path, None where there is nothing."""
    for step in steps_of(path):
        if isinstance(step, Named):
            entries = thing if isinstance(thing, list) else []
            thing = next((e for e in entries if step.fits(e)), None)
        else:
            thing = thing.get(step) if isinstance(thing, Mapping) else None
        if thing is None:
            return None
    return thing


def assign(thing: Any, path: str, value: Any) -> None:
    """Set the value at a path, in place. KeyError where a list has no such entry."""
    steps = steps_of(path)
    for step in steps[:-1]:
        if isinstance(step, Named):
            found = next((e for e in thing if step.fits(e)), None)
            if found is None:
                raise KeyError(f"{path}: no entry {step.name}")
            thing = found
        else:
            thing = thing.setdefault(step, {})
    thing[steps[-1]] = value


def put(thing: Any, path: str, value: Any) -> None:
    """Set the value at a path, in place; None takes the key or the list's entry away. KeyError as of `assign`."""
    last = steps_of(path)[-1]
    if value is not None:
        assign(thing, path, value)
        return
    for step in steps_of(path)[:-1]:
        thing = next((e for e in thing if step.fits(e)), None) if isinstance(step, Named) else thing.get(step)
        if thing is None:
            return
    if isinstance(last, Named):
        thing[:] = [e for e in thing if not last.fits(e)]
    else:
        thing.pop(last, None)


def quantity(value: Any) -> float | None:
    """A Kubernetes quantity as a number (bytes, cores); None for what is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    found = _QUANTITY.match(str(value).strip()) if value is not None else None
    return float(found.group(1)) * _FACTORS[found.group(2)] if found else None


def same(left: Any, right: Any) -> bool:
    """Equal as Kubernetes reads them: 1Gi and 1024Mi are the same, 3 and "3" too."""
    if left == right:
        return True
    a, b = quantity(left), quantity(right)
    return a is not None and b is not None and abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1.0)
