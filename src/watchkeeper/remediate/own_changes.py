"""Which of the changes that were seen are our own repairs. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeeper.domain.evidence import Change
from watchkeeper.domain.remediation import Plan

_EARLY = timedelta(minutes=1)
"""The cluster may follow a merge before its answer reached us."""
AUTHOR = "watchkeeper"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A plan that was carried out, or its undo: what was merged, and when its rollout began and ended."""

    plan: Plan
    since: datetime
    until: datetime
    commits: frozenset[str]


def marked(changes: Iterable[Change], delivered: Sequence[Delivered]) -> tuple[Change, ...]:
    """The same changes; ours say which incident they repair."""
    return tuple(_marked(change, delivered) for change in changes)


def _marked(change: Change, delivered: Sequence[Delivered]) -> Change:
    ours = next((d for d in delivered if _is_of(change, d)), None)
    return replace(change, repairs=ours.plan.incident_id, author=change.author or AUTHOR) if ours else change


def _is_of(change: Change, done: Delivered) -> bool:
    """By its commit; a rollout by workload, time, and whether another image came with it."""
    if change.details.get("sha") in done.commits:
        return True
    rollout = "revision" in change.details and change.service == done.plan.target.name
    image = any(field.path.endswith(".image") for field in done.plan.fields)
    return rollout and (change.kind == "release") is image and done.since - _EARLY <= change.at <= done.until
