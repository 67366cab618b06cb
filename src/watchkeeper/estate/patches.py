"""Strategic-merge and JSON patches of a kustomization, as far as we know them."""

import copy
import re
from collections.abc import Mapping
from typing import Any

_KEYS = ("name", "containerPort", "port", "mountPath", "key", "ip", "topologyKey")
"""What tells entries of a list apart, first that all of them carry."""


class CannotPatch(ValueError):
    """A patch of a form that is not known here, or that fits nothing."""


def apply_patch(objects: list[dict[str, Any]], patch: Any, target: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Objects with the patch applied to those it names."""
    if isinstance(patch, list):
        return _applied(objects, lambda o: _json_patch(o, patch), target)
    if not isinstance(patch, Mapping):
        raise CannotPatch("a patch is neither an object nor a list of operations")
    if target is None:
        head = patch.get("metadata") or {}
        target = {"kind": patch.get("kind"), "name": head.get("name")}
    return _applied(
        objects, lambda o: merged(o, {k: v for k, v in patch.items() if k not in ("apiVersion", "kind")}, own=o), target
    )


def _applied(objects: list[dict[str, Any]], change: Any, target: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if not target:
        raise CannotPatch("a patch names no target")
    unknown = set(target) - {"kind", "name", "namespace", "group", "version"}
    if unknown:
        raise CannotPatch(f"a patch chooses its target by {', '.join(sorted(unknown))}")
    fits = [_fits(o, target) for o in objects]
    if not any(fits):
        raise CannotPatch(f"a patch fits nothing: {target.get('kind')} {target.get('name')}")
    return [change(o) if fit else o for o, fit in zip(objects, fits, strict=True)]


def _fits(thing: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    head = thing.get("metadata") or {}
    said = ((target.get("kind"), thing.get("kind")), (target.get("name"), head.get("name")))
    return all(not want or re.fullmatch(str(want), str(have)) is not None for want, have in said)


def merged(old: Any, new: Any, own: Mapping[str, Any] | None = None) -> Any:
    """`new` over `old` as the API server merges: maps by key, lists of named entries by name, other lists whole."""
    if isinstance(new, Mapping):
        if any(str(k).startswith("$") for k in new):
            raise CannotPatch("a patch uses $-directives")
        out = dict(old) if isinstance(old, Mapping) else {}
        for key, value in new.items():
            if own is not None and key == "metadata":
                # The name only finds the object.
                value = {k: v for k, v in value.items() if k not in ("name", "namespace")}
            if value is None:
                out.pop(key, None)
            else:
                out[key] = merged(out.get(key), value)
        return out
    if isinstance(new, list) and isinstance(old, list):
        return _lists(old, new)
    return copy.deepcopy(new)


def _lists(old: list[Any], new: list[Any]) -> list[Any]:
    key = next((k for k in _KEYS if all(isinstance(e, Mapping) and k in e for e in [*old, *new])), None)
    if key is None or not [*old, *new]:
        return copy.deepcopy(new)
    known = {e[key]: n for n, e in enumerate(old)}
    out = list(old)
    for entry in new:
        if entry[key] in known:
            out[known[entry[key]]] = merged(old[known[entry[key]]], entry)
        else:
            out.append(copy.deepcopy(entry))
    return out


def _json_patch(thing: dict[str, Any], operations: list[Any]) -> dict[str, Any]:
    out = copy.deepcopy(thing)
    for operation in operations:
        verb, path = (
            operation.get("op"),
            [p.replace("~1", "/").replace("~0", "~") for p in str(operation.get("path", "")).split("/")[1:]],
        )
        if verb not in ("add", "replace", "remove") or not path:
            raise CannotPatch(f"a JSON patch does {verb}")
        place: Any = out
        try:
            for part in path[:-1]:
                place = place[int(part)] if isinstance(place, list) else place[part]
            _operate(place, str(verb), path[-1], operation.get("value"))
        except (KeyError, IndexError, ValueError, TypeError):
            raise CannotPatch(f"a JSON patch fits nothing at {operation.get('path')}") from None
    return out


def _operate(place: Any, verb: str, last: str, value: Any) -> None:
    if isinstance(place, list):
        if verb == "add":
            place.insert(len(place) if last == "-" else int(last), value)
        elif verb == "replace":
            place[int(last)] = value
        else:
            del place[int(last)]
    elif verb == "remove":
        del place[last]
    else:
        if verb == "replace" and last not in place:
            raise KeyError(last)
        place[last] = value
