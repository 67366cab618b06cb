"""What was changed shortly before the trouble: a new revision, or an edit of an object that the workload leans on."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.diagnose.cluster.cause_graph import references
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, containers, ref
from watchkeeper.diagnose.objects import moment

BEFORE = timedelta(minutes=30)
_AFTER = timedelta(minutes=2)
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change."""

    what: Ref
    at: datetime
    words: str


def edit_before(snapshot: Snapshot, cause: Ref, workload: Ref, since: datetime | None) -> Edit | None:
    """The newest change of the cause, the workload or what it names, in the half hour before `since` (now, if unknown)."""
    moment_ = since or snapshot.now
    found = [e for e in _edits(snapshot, cause, workload) if moment_ - BEFORE <= e.at <= moment_ + _AFTER]
    return max(found, key=lambda e: (e.at, e.what), default=None)


def _edits(snapshot: Snapshot, cause: Ref, workload: Ref) -> list[Edit]:
    out = []
    thing = snapshot.get(workload)
    if thing is not None and workload.kind == "Deployment":
        out += _revisions(snapshot, thing)
    named = references(snapshot.template(thing), workload.namespace) if thing is not None else []
    began = _made_at(thing) if thing is not None else None
    for who in dict.fromkeys([cause, workload, *named]):
        there = snapshot.get(who)
        if there is None or (who == workload and out):
            continue
        at, by = edited_at(there)
        # What is as old as the workload came with it: the workload's own making is the change then.
        if at is not None and (who == workload or began is None or at > began):
            out.append(
                Edit(who, at, f"{who} was {'made' if at == _made_at(there) else 'edited'}{f' by {by}' if by else ''}")
            )
    return out


def _made_at(thing: Thing) -> datetime | None:
    return moment(str(thing["metadata"].get("creationTimestamp", "")))


def _revisions(snapshot: Snapshot, deployment: Thing) -> list[Edit]:
    sets = sorted((c for c in snapshot.children(deployment) if c.get("kind") == "ReplicaSet"), key=_revision)
    out = []
    for before, after in itertools.pairwise(sets):
        at = moment(str(after["metadata"].get("creationTimestamp", "")))
        if at is not None:
            out.append(
                Edit(ref(deployment), at, f"revision {_revision(after)}: {_difference(snapshot, before, after)}")
            )
    return out


def _difference(snapshot: Snapshot, before: Thing, after: Thing) -> str:
    old = {c.get("name"): c for c in containers(snapshot.template(before))}
    new = {c.get("name"): c for c in containers(snapshot.template(after))}
    for name, container in new.items():
        was = old.get(name, {})
        if container.get("image") != was.get("image"):
            return f"image {was.get('image', 'none')} to {container.get('image', 'none')}"
    changed = sorted({k for n, c in new.items() for k in {*c, *old.get(n, {})} if c.get(k) != old.get(n, {}).get(k)})
    return f"the same image, another {', '.join(changed)}" if changed else "the same containers, another template"


def _revision(thing: Thing) -> int:
    said = str(((thing.get("metadata") or {}).get("annotations") or {}).get(_REVISION, "0"))
    return int(said) if said.isdigit() else 0


def edited_at(thing: Thing) -> tuple[datetime | None, str]:
    """When anything but its status was last written, and by which manager; its making where nothing else is told."""
    head = thing.get("metadata") or {}
    entries = [m for m in head.get("managedFields") or [] if m.get("subresource") != "status" and m.get("time")]
    times = [(at, str(m.get("manager", ""))) for m in entries if (at := moment(str(m["time"]))) is not None]
    return max(times, default=(moment(str(head.get("creationTimestamp", ""))), ""))
