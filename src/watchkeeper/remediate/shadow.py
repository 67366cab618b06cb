"""What people did about an incident, beside what we would have done. Pure."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from watchkeeper.domain.remediation import Plan
from watchkeeper.estate.fields import quantity, read, same

_RESTARTED = 'spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]'


class Word(StrEnum):
    """How a plan compares with what happened."""

    AGREED = "agreed"
    DIFFERED = "differed"
    HARMED = "harmed"
    ABSTAINED = "abstained"
    HELPED = "helped"
    NO_HELP = "no_help"

    @property
    def right(self) -> bool:
        """Does it speak for letting the action run alone?"""
        return self in (Word.AGREED, Word.HELPED)

    @property
    def counts(self) -> bool:
        """Is it an outcome at all?"""
        return self is not Word.ABSTAINED


@dataclass(frozen=True, slots=True)
class Deed:
    """One field that people changed."""

    path: str
    before: Any
    after: Any


def snapshot(live: Mapping[str, Any]) -> dict[str, Any]:
    """path -> value of what people change in an incident. Values of variables are hashed: they may be secrets."""
    out: dict[str, Any] = {}
    for path in (
        "spec.replicas",
        "spec.minReplicas",
        "spec.maxReplicas",
        "spec.renewBefore",
        "spec.unschedulable",
        _RESTARTED,
    ):
        if (value := read(live, path)) is not None:
            out[path] = value
    for container in (live.get("spec") or {}).get("template", {}).get("spec", {}).get("containers", []):
        out.update(_container(container))
    return out


def _container(container: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    at = f"spec.template.spec.containers[name={container.get('name')}]"
    yield f"{at}.image", container.get("image")
    for side, values in (container.get("resources") or {}).items():
        for resource, value in (values or {}).items():
            yield f"{at}.resources.{side}.{resource}", value
    for variable in container.get("env") or []:
        yield f"{at}.env[name={variable.get('name')}].value", hashed(variable.get("value"))


def hashed(value: Any) -> str:
    """So that two values can be compared without being kept."""
    return hashlib.sha256(str(value).encode()).hexdigest()[:16]


def deeds(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Deed, ...]:
    """What differs between two snapshots."""
    return tuple(
        Deed(path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if not same(before.get(path), after.get(path))
    )


def compared(plan: Plan | None, done: tuple[Deed, ...]) -> tuple[Word, str]:
    """The word and why. Without a plan we abstained; people who let it be differ from a plan that would have acted."""
    if plan is None:
        return Word.ABSTAINED, "no plan was made"
    by_path = {d.path: d for d in done}
    for change in plan.fields:
        deed = by_path.get(change.path)
        if deed is not None and _against(change.before, change.after, deed.after):
            return (
                Word.HARMED,
                f"people set {change.path} from {deed.before} to {deed.after}; the plan would have set {change.after}",
            )
    touched = [c.path for c in plan.fields if c.path in by_path and _alike(c.path, c.after, by_path[c.path])]
    if touched and len(touched) == len(plan.fields):
        return Word.AGREED, f"people changed {', '.join(touched)} the same way"
    if done:
        return Word.DIFFERED, f"people changed {', '.join(sorted(by_path)[:4])}"
    return Word.DIFFERED, "people left the target as it was"


def _alike(path: str, planned: Any, deed: Deed) -> bool:
    """The same way: the same word, or for a number or a time the same direction."""
    if path == _RESTARTED or (quantity(planned) is not None and quantity(deed.after) is not None):
        return True
    return deed.after in (planned, hashed(planned))


def _against(before: Any, planned: Any, did: Any) -> bool:
    """The other way: the plan raises what people lowered, or the other way round."""
    was, would, now = quantity(before), quantity(planned), quantity(did)
    if was is None or would is None or now is None:
        return False
    return (would - was) * (now - was) < 0
