"""Objects with resource versions and a history to watch. Values are JSON as the API sends them."""

import copy
import hashlib
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from watchkeeper.simulate.cluster.kinds import BY_NAME

HISTORY = 4000
"""Changes kept for watchers; older resource versions are gone (410)."""

Object = dict[str, Any]


def iso(at: float) -> str:
    """As Kubernetes writes times."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Objects:
    """All objects of the cluster, by kind, namespace and name."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[tuple[str, str], Object]] = {}
        self.version = 1000
        self.history: deque[tuple[int, str, str, Object]] = deque(maxlen=HISTORY)
        """(resource version, ADDED | MODIFIED | DELETED, kind, object)"""
        self._made = 0

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The stored object itself: change it only through `put`."""
        return self._objects.get(kind, {}).get((namespace, name))

    def find(self, kind: str, namespace: str = "", labels: Mapping[str, str] | None = None) -> list[Object]:
        """All of a kind, in order of namespace and name."""
        found = [
            o for (ns, _), o in self._objects.get(kind, {}).items()
            if (not namespace or ns == namespace) and _labelled(o, labels)
        ]  # fmt: skip
        return sorted(found, key=lambda o: (o["metadata"].get("namespace", ""), o["metadata"]["name"]))

    def put(self, thing: Object, now: float) -> Object:
        """Create or replace. `generation` grows when the spec changes, `resourceVersion` when anything does."""
        kind, head = thing["kind"], thing["metadata"]
        namespace = head.get("namespace", "") if BY_NAME[kind].namespaced else ""
        key = (kind, namespace, head["name"])
        before = self.get(*key)
        if before is not None and _content(before) == _content(thing):
            return before
        self.version += 1
        stored = copy.deepcopy(thing)
        meta = stored["metadata"]
        old = before["metadata"] if before else {}
        meta["uid"] = old.get("uid") or self._uid(key)
        meta["creationTimestamp"] = old.get("creationTimestamp") or iso(now)
        meta["resourceVersion"] = str(self.version)
        if kind not in ("Event", "Endpoints", "ConfigMap", "Secret"):
            changed = before is None or before.get("spec") != stored.get("spec")
            meta["generation"] = int(old.get("generation", 0)) + 1 if changed else int(old.get("generation", 1))
        self._objects.setdefault(kind, {})[namespace, head["name"]] = stored
        self.history.append((self.version, "MODIFIED" if before else "ADDED", kind, stored))
        return stored

    def remove(self, kind: str, namespace: str, name: str) -> Object | None:
        """Take it away; what was there."""
        gone = self._objects.get(kind, {}).pop((namespace, name), None)
        if gone is not None:
            self.version += 1
            last = copy.deepcopy(gone)
            last["metadata"]["resourceVersion"] = str(self.version)
            self.history.append((self.version, "DELETED", kind, last))
        return gone

    def _uid(self, key: tuple[str, str, str]) -> str:
        self._made += 1
        digest = hashlib.sha256(f"{key}{self._made}".encode()).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def _labelled(thing: Object, labels: Mapping[str, str] | None) -> bool:
    if not labels:
        return True
    own = thing["metadata"].get("labels") or {}
    return all(own.get(k) == v for k, v in labels.items())


def _content(thing: Object) -> Any:
    hidden = ("resourceVersion", "generation", "uid", "creationTimestamp", "managedFields")
    head = {k: v for k, v in thing["metadata"].items() if k not in hidden}
    return {**{k: v for k, v in thing.items() if k != "metadata"}, "metadata": head}
