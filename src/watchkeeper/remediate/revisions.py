"""What the cluster remembers of a Deployment: its revisions, whether the newest ever stood, and what tells two apart. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.remediate.action import Situation

Thing = Mapping[str, Any]

_REVISION = "deployment.kubernetes.io/revision"
_KEPT = ("image", "command", "args", "env", "envFrom", "resources", "readinessProbe", "livenessProbe", "startupProbe")
"""Fields of a container that are put back …"""
_PLACED = ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints")
"""… and of its pod. Whatever else differs (volumes, accounts, security contexts) is for people."""
_OF_NOBODY = ("pod-template-hash", "kubectl.kubernetes.io/restartedAt")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Revisions:
    """The newest, and the ones before it, newest first."""

    newest: Thing | None
    before: tuple[Thing, ...]

    @classmethod
    def of(cls, situation: Situation) -> "Revisions":
        """By the ReplicaSets that the Deployment owns."""
        now = number_of(situation.live)
        mine = sorted((r for r in situation.objects("ReplicaSet") if _owned(r, situation.workload.name)), key=number_of)
        newest = next((r for r in mine if number_of(r) == now), None)
        return cls(newest, tuple(reversed([r for r in mine if 0 < number_of(r) < now])))

    @property
    def made_at(self) -> datetime | None:
        """When the newest one began; None where that is not told."""
        said = str((self.newest or {}).get("metadata", {}).get("creationTimestamp") or "")
        try:
            return datetime.fromisoformat(said)
        except ValueError:
            return None

    @property
    def never_stood(self) -> bool:
        """Has the newest pods of which none is ready, while the Deployment still counts it as being rolled out?"""
        status = (self.newest or {}).get("status") or {}
        return int(status.get("replicas", 0)) > 0 and int(status.get("readyReplicas", 0)) == 0


def number_of(thing: Thing) -> int:
    """Of a Deployment or a ReplicaSet, 0 if none is written on it."""
    said = str((thing.get("metadata", {}).get("annotations") or {}).get(_REVISION, "0"))
    return int(said) if said.isdigit() else 0


def differences(now: Thing, then: Thing) -> tuple[tuple[FieldChange, ...], tuple[str, ...]]:
    """What to set so that a template becomes another one, and which differences only people may undo."""
    mine, others = _spec(now), _spec(then)
    changes: list[FieldChange] = []
    for name in _PLACED:
        if mine.get(name) != others.get(name):
            changes.append(FieldChange(f"spec.template.spec.{name}", mine.get(name), others.get(name)))
    by_people = sorted(k for k in {*mine, *others} - {*_PLACED, "containers"} if mine.get(k) != others.get(k))
    old = {str(c.get("name")): c for c in others.get("containers") or []}
    if old.keys() != {str(c.get("name")) for c in mine.get("containers") or []}:
        return (), (*by_people, "containers")
    for container in mine.get("containers") or []:
        path, was = f"spec.template.spec.containers[name={container.get('name')}]", old[str(container.get("name"))]
        for key in sorted({*container, *was}):
            if container.get(key) == was.get(key):
                continue
            if key in _KEPT:
                changes += _down(f"{path}.{key}", container.get(key), was.get(key))
            else:
                by_people.append(key)
    return tuple(changes), (*by_people, *_labels(now, then))


def image_of(thing: Thing, container: str) -> str:
    """The image a revision runs, "" where it has no such container."""
    return next(
        (str(c.get("image", "")) for c in _spec(thing).get("containers") or [] if c.get("name") == container), ""
    )


def _down(path: str, now: Any, then: Any) -> Iterator[FieldChange]:
    """The smallest places at which two values differ: down maps, and down lists whose entries have names."""
    if isinstance(now, Mapping) and isinstance(then, Mapping) and now.keys() & then.keys():
        for key in sorted({*now, *then}):
            if now.get(key) != then.get(key):
                step = f".{key}" if _PLAIN.fullmatch(str(key)) else f'["{key}"]'
                yield from _down(f"{path}{step}", now.get(key), then.get(key))
    elif _named(now) and _named(then) and {e["name"] for e in then} <= {e["name"] for e in now}:
        old = {e["name"]: e for e in then}
        for entry in now:
            if entry != old.get(entry["name"]):
                yield from _down(f"{path}[name={entry['name']}]", entry, old.get(entry["name"]))
    else:
        yield FieldChange(path, now, then)


def _named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(e, Mapping) and "name" in e for e in value)


def _labels(now: Thing, then: Thing) -> Sequence[str]:
    heads = [((t.get("spec") or {}).get("template") or {}).get("metadata") or {} for t in (now, then)]
    labels = [{k: v for k, v in (h.get("labels") or {}).items() if k not in _OF_NOBODY} for h in heads]
    return () if labels[0] == labels[1] else ("labels",)


def _spec(thing: Thing) -> Thing:
    found: Thing = ((thing.get("spec") or {}).get("template") or {}).get("spec") or {}
    return found


def _owned(thing: Thing, deployment: str) -> bool:
    owners = (thing.get("metadata") or {}).get("ownerReferences") or []
    return any(o.get("kind") == "Deployment" and o.get("name") == deployment for o in owners)
