"""The patch types of the Kubernetes API on plain JSON values."""

import copy
from typing import Any

_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "ports": "containerPort",
}


class PatchRefused(ValueError):
    """The patch does not fit the object: HTTP 422."""


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386: lists are replaced, null removes."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merge(out.get(key), value)
    return out


def strategic(target: Any, patch: Any) -> Any:
    """Like merge, but lists whose entries have a merge key are merged entry by entry."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            out.pop(key, None)
        elif isinstance(value, list) and key in _MERGE_KEYS:
            out[key] = _merge_list(out.get(key) or [], value, _MERGE_KEYS[key])
        else:
            out[key] = strategic(out.get(key), value)
    return out


def _merge_list(target: list[Any], patch: list[Any], key: str) -> list[Any]:
    out = list(target)
    for entry in patch:
        at = next((n for n, old in enumerate(out) if old.get(key) == entry.get(key)), None)
        if entry.get("$patch") == "delete":
            if at is not None:
                del out[at]
        elif at is None:
            out.append(copy.deepcopy(entry))
        else:
            out[at] = strategic(out[at], entry)
    return out


def json_patch(target: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902: add, replace, remove, test."""
    out = copy.deepcopy(target)
    for operation in operations:
        steps = [s.replace("~1", "/").replace("~0", "~") for s in operation["path"].split("/")[1:]]
        parent = out
        try:
            for step in steps[:-1]:
                parent = parent[int(step)] if isinstance(parent, list) else parent[step]
            _apply(parent, steps[-1], operation)
        except (KeyError, IndexError, ValueError, TypeError):
            raise PatchRefused("the server rejected our request due to an error in our request") from None
    return out


def _apply(parent: Any, last: str, operation: dict[str, Any]) -> None:
    kind = operation["op"]
    at: Any = last
    if isinstance(parent, list):
        at = len(parent) if last == "-" else int(last)
    if kind == "test":
        if parent[at] != operation.get("value"):
            raise ValueError("test failed")
    elif kind == "remove":
        del parent[at]
    elif kind == "add" and isinstance(parent, list):
        parent.insert(at, operation["value"])
    elif kind == "replace" and not isinstance(parent, list) and at not in parent:
        raise KeyError(at)
    else:
        parent[at] = operation["value"]
