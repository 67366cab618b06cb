"""The objects of a cluster at one moment, indexed: who owns whom, what refers to what, which events are about what.

Absence is only known of kinds that could be listed: `exists` answers None where nobody can tell.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from watchkeeper.diagnose.cluster.labels import matches, selects
from watchkeeper.diagnose.objects import moment
from watchkeeper.domain.redaction import redact

Thing = Mapping[str, Any]
PATIENCE = timedelta(seconds=90)
"""What is younger than this may still be starting."""
RECENT = timedelta(hours=1)
"""What ended longer ago than this is history."""
SEVERAL = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController")


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An object by name; `namespace` is "" for kinds that have none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def ref(thing: Thing) -> Ref:
    """The name of an object."""
    head = thing.get("metadata") or {}
    return Ref(str(thing.get("kind", "")), str(head.get("namespace") or ""), str(head.get("name", "")))


def quoted(text: object, most: int = 240) -> str:
    """Text somebody else wrote: without secrets, control and direction characters, cut, in quotes."""
    flat = " ".join(redact(str(text)).split())
    safe = "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in flat)
    return f"“{safe[:most]}{'…' if len(safe) > most else ''}”"


class Snapshot:
    """Objects (events among them) as the API sends them, with `kind`. Building it is linear in objects.

    `readable`: kinds that were listed; None: those of which the namespace holds any.
    """

    def __init__(
        self,
        objects: Iterable[Thing],
        now: datetime,
        *,
        readable: frozenset[str] | None = None,
        patience: timedelta = PATIENCE,
    ) -> None:
        self.now, self.patience = now, patience
        self._readable = readable
        self._by_kind: dict[str, dict[Ref, Thing]] = defaultdict(dict)
        self._events: dict[tuple[str, str, str], list[Thing]] = defaultdict(list)
        self._owned: dict[str, list[Thing]] = defaultdict(list)
        for thing in objects:
            self._keep(thing)
        for found in self._events.values():
            found.sort(key=lambda e: seen_at(e) or datetime.min.replace(tzinfo=now.tzinfo))

    def _keep(self, thing: Thing) -> None:
        if thing.get("kind") == "Event":
            about = thing.get("involvedObject") or thing.get("regarding") or {}
            key = (str(about.get("kind", "")), str(about.get("namespace") or ""), str(about.get("name", "")))
            self._events[key].append(thing)
            return
        self._by_kind[str(thing.get("kind", ""))][ref(thing)] = thing
        for owner in (thing.get("metadata") or {}).get("ownerReferences") or []:
            self._owned[str(owner.get("uid", ""))].append(thing)

    # --- finding -------------------------------------------------------------------------------------------------

    def of(self, *kinds: str) -> list[Thing]:
        """All objects of these kinds."""
        return [thing for kind in kinds for thing in self._by_kind.get(kind, {}).values()]

    def get(self, who: Ref) -> Thing | None:
        """The object of that name."""
        return self._by_kind.get(who.kind, {}).get(who)

    def exists(self, who: Ref) -> bool | None:
        """Is it there? None where its kind could not be read."""
        if self.get(who) is not None:
            return True
        return False if self.reads(who.kind, who.namespace) else None

    def reads(self, kind: str, namespace: str = "") -> bool:
        """Can absence of this kind be told?"""
        if self._readable is not None:
            return kind in self._readable
        return any(not namespace or who.namespace == namespace for who in self._by_kind.get(kind, {}))

    def events(self, who: Ref, *reasons: str) -> list[Thing]:
        """All events about an object, oldest first; of these reasons, where some are named."""
        found = self._events.get((who.kind, who.namespace, who.name), [])
        return [e for e in found if not reasons or e.get("reason") in reasons]

    def children(self, thing: Thing) -> list[Thing]:
        """What it owns."""
        return self._owned.get(str((thing.get("metadata") or {}).get("uid", "")), [])

    @cached_property
    def pods(self) -> list[Thing]:
        """All pods that are meant to live: not those that are being deleted."""
        return [p for p in self.of("Pod") if not p["metadata"].get("deletionTimestamp")]

    def selected(self, namespace: str, selector: Mapping[str, str] | None) -> list[Thing]:
        """Living pods with these labels; none for an empty selector."""
        return [p for p in self._pods_in(namespace) if selector and matches(selector, labels_of(p))]

    def chosen(self, namespace: str, selector: Thing | None) -> list[Thing]:
        """Living pods that a matchLabels and matchExpressions selector takes; an empty one takes all."""
        return [p for p in self._pods_in(namespace) if selects(selector or {}, labels_of(p))]

    def _pods_in(self, namespace: str) -> list[Thing]:
        return self._pods_by_namespace.get(namespace, [])

    @cached_property
    def _pods_by_namespace(self) -> dict[str, list[Thing]]:
        out: dict[str, list[Thing]] = defaultdict(list)
        for pod in self.pods:
            out[ref(pod).namespace].append(pod)
        return out

    # --- owners --------------------------------------------------------------------------------------------------

    def workload_of(self, thing: Thing) -> Ref:
        """The topmost owner, by references that controllers wrote; the object itself where it has none."""
        here = ref(thing)
        for _ in range(4):
            owners = (thing.get("metadata") or {}).get("ownerReferences") or []
            owner = next((o for o in owners if o.get("controller")), owners[0] if owners else None)
            if owner is None:
                return here
            here = Ref(str(owner.get("kind", "")), here.namespace, str(owner.get("name", "")))
            known = self.get(here)
            if known is None:
                return _by_name(here)
            thing = known
        return here

    def pods_of(self, workload: Thing) -> list[Thing]:
        """Living pods below a workload."""
        out = []
        for child in self.children(workload):
            if child.get("kind") == "Pod" and not child["metadata"].get("deletionTimestamp"):
                out.append(child)
            elif child.get("kind") in SEVERAL:
                out += self.pods_of(child)
        return out

    def template(self, thing: Thing) -> Mapping[str, Any]:
        """The pod spec of a pod or of a workload."""
        spec = thing.get("spec") or {}
        if thing.get("kind") == "Pod":
            return spec
        if thing.get("kind") == "CronJob":
            spec = (spec.get("jobTemplate") or {}).get("spec") or {}
        return (spec.get("template") or {}).get("spec") or {}

    # --- time ----------------------------------------------------------------------------------------------------

    def age(self, at: object) -> timedelta | None:
        """How long ago a time as the API writes it was; None where it is none."""
        when = moment(str(at)) if at else None
        return None if when is None else self.now - when

    def settled(self, at: object) -> bool:
        """Is it longer ago than our patience? A time nobody tells counts as long ago."""
        age = self.age(at)
        return age is None or age >= self.patience

    def recent(self, at: object) -> bool:
        """Within the last hour; a time nobody tells does not count."""
        age = self.age(at)
        return age is not None and age <= RECENT


def _by_name(who: Ref) -> Ref:
    """The Deployment behind a ReplicaSet that was not read: its name less the hash."""
    if who.kind == "ReplicaSet" and "-" in who.name:
        return Ref("Deployment", who.namespace, who.name.rsplit("-", 1)[0])
    return who


def labels_of(thing: Thing) -> Mapping[str, str]:
    """Its labels."""
    return (thing.get("metadata") or {}).get("labels") or {}


def seen_at(event: Thing) -> datetime | None:
    """The newest of the places in which the two event APIs keep the time."""
    series = event.get("series") or {}
    told = (
        series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("deprecatedLastTimestamp"),
        event.get("eventTime"), event.get("firstTimestamp"), (event.get("metadata") or {}).get("creationTimestamp"),
    )  # fmt: skip
    return next((at for t in told if t and (at := moment(str(t))) is not None), None)


def message_of(event: Thing) -> str:
    """What it says: untrusted, whoever may write events wrote it."""
    return str(event.get("message") or event.get("note") or "")


def conditions(thing: Thing) -> Mapping[str, Thing]:
    """type -> condition."""
    return {str(c.get("type", "")): c for c in (thing.get("status") or {}).get("conditions") or []}


def is_ready(pod: Thing) -> bool:
    """Running, ready, and neither failed nor evicted."""
    status = pod.get("status") or {}
    ready = conditions(pod).get("Ready", {}).get("status") == "True"
    return ready and status.get("phase") == "Running" and status.get("reason") != "Evicted"


def counted(thing: Thing, field: str) -> int:
    """A counter of the status; absent is zero."""
    return int((thing.get("status") or {}).get(field) or 0)


def containers(spec: Mapping[str, Any]) -> Sequence[Thing]:
    """Init and normal containers of a pod spec."""
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
