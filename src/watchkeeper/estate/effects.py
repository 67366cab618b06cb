"""Minimal effects: what an edit of files changes in everything that is deployed from them, before and after rendered.

An edit passes where exactly the intended fields of the intended object in the intended environment change.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.domain.topology import Workload
from watchkeeper.estate.documents import mappings
from watchkeeper.estate.fields import put, read, same
from watchkeeper.estate.units import Files, Key, Unit, key_of, units


@dataclass(frozen=True, slots=True)
class Intent:
    """The fields of one live object that are to change, in one environment."""

    target: Workload
    fields: tuple[FieldChange, ...]
    environment: str = ""
    folder: str = ""
    """Where the live object says it is deployed from (estate/provenance.py); "" where it does not say."""

    @property
    def key(self) -> Key:
        """As `units.key_of` names it."""
        space = "" if self.target.kind == "Node" else self.target.namespace
        return self.target.kind, space, self.target.name


def home_of(deployed: Sequence[Unit], intent: Intent) -> Unit | str:
    """The one unit that deploys the object to this environment, or why there is not exactly one."""
    found = [u for u in deployed for o in u.objects if key_of(o) == intent.key]
    kind, space, name = intent.key
    what = f"{kind} {space}/{name}" if space else f"{kind} {name}"
    if not found:
        blind = sorted({f"{u.name or '.'}: {u.problem}" for u in deployed if u.problem})
        tail = f"; not rendered: {'; '.join(blind[:4])}" if blind else ""
        return f"no file of the repository declares {what}{tail}"
    twice = sorted({u.name or "." for u in found if found.count(u) > 1})
    if twice:
        return f"{what} is declared twice in {', '.join(twice)}"
    if len(found) > 1 and intent.folder:
        found = [u for u in found if u.name == intent.folder] or found
    if len(found) > 1 and intent.environment:
        mine = [u for u in found if _of_environment(u.name, intent.environment)]
        found = mine or found
    if len(found) > 1:
        return f"{what} is declared twice: {', '.join(sorted(u.name or '.' for u in found))}"
    return found[0]


def _of_environment(folder: str, environment: str) -> bool:
    """Does a part of the folder's name mean the environment (prod: production)?"""
    wanted = environment.lower()
    parts = [p for p in re.split(r"[/_-]", folder.lower()) if len(p) >= 3]
    return any(wanted.startswith(p) or p.startswith(wanted) for p in parts)


def judge_edit(before: Files, after: Files, intent: Intent) -> str:
    """ "" where nothing but what was meant changes, else what else changes or why that cannot be known."""
    old, new = units(before), units(after)
    home = home_of(old, intent)
    if isinstance(home, str):
        return home
    touched = {p for p in {*before, *after} if before.get(p) != after.get(p)}
    blind = [u.name or "." for u in (*old, *new) if u.problem and u.includes & touched]
    if blind:
        return f"it cannot be rendered for {', '.join(sorted(set(blind)))}, which includes the file"
    changed = list(_differences(old, new))
    others = sorted(
        {f"{_words(key)} in {unit or '.'}" for unit, key in changed if (unit, key) != (home.name, intent.key)}
    )
    if others:
        return f"it would also change {', '.join(others[:5])}"
    shared = _deployed_to_several(before, home)
    return shared or _exactly(old, new, home.name, intent)


def judge_added(before: Files, after: Files, key: Key) -> str:
    """ "" where exactly one object appears, in one place, and nothing else changes."""
    old, new = units(before), units(after)
    touched = {p for p in {*before, *after} if before.get(p) != after.get(p)}
    blind = sorted({u.name or "." for u in (*old, *new) if u.problem and u.includes & touched})
    if blind:
        return f"it cannot be rendered for {', '.join(blind)}, which includes the file"
    changed = [k for _, k in _differences(old, new)]
    if changed == [key]:
        return ""
    others = sorted({_words(k) for k in changed if k != key})
    if others:
        return f"it would also change {', '.join(others[:5])}"
    return (
        f"{_words(key)} would appear {'in several places' if changed else 'nowhere: no deployment includes the file'}"
    )


def rendered(files: Files, intent: Intent) -> Mapping[str, Any] | None:
    """The object as it is deployed from these files, None where it is not (or not by us) to be rendered."""
    deployed = units(files)
    home = home_of(deployed, intent)
    if isinstance(home, str):
        return None
    return next(o for o in home.objects if key_of(o) == intent.key)


def _differences(old: Sequence[Unit], new: Sequence[Unit]) -> Iterator[tuple[str, Key]]:
    was, now = _table(old), _table(new)
    for place in sorted({*was, *now}):
        if json.dumps(was.get(place), sort_keys=True, default=str) != json.dumps(
            now.get(place), sort_keys=True, default=str
        ):
            yield place


def _table(deployed: Sequence[Unit]) -> dict[tuple[str, Key], Any]:
    return {(u.name, key_of(o)): o for u in deployed for o in u.objects}


def _exactly(old: Sequence[Unit], new: Sequence[Unit], unit: str, intent: Intent) -> str:
    was, now = _table(old)[(unit, intent.key)], _table(new).get((unit, intent.key))
    if now is None:
        return "it would remove the object"
    wanted = json.loads(json.dumps(was, default=str))
    for change in intent.fields:
        if not same(read(now, change.path), change.after):
            return f"{change.path} would not become {change.after}"
        try:
            put(wanted, change.path, read(now, change.path))
        except (KeyError, TypeError, AttributeError):
            return f"{change.path} is not there to be changed"
    same_rest = json.dumps(wanted, sort_keys=True, default=str) == json.dumps(now, sort_keys=True, default=str)
    return "" if same_rest else "it would change more of the object than was meant"


def _words(key: Key) -> str:
    return f"{key[0]} {key[1]}/{key[2]}"


def _deployed_to_several(files: Files, home: Unit) -> str:
    """Does an ApplicationSet put this very folder into more than one environment?"""
    for path, text in sorted(files.items()):
        if "ApplicationSet" not in text:
            continue
        for document in mappings(text):
            if document.get("kind") == "ApplicationSet":
                problem = _by_set(document, home)
                if problem:
                    return f"{path}: {problem}"
    return ""


def _by_set(document: Mapping[str, Any], home: Unit) -> str:
    spec = document.get("spec") or {}
    source = ((spec.get("template") or {}).get("spec") or {}).get("source") or {}
    where, name = str(source.get("path", "")).strip("/"), (document.get("metadata") or {}).get("name", "")
    elements = [e for g in spec.get("generators") or [] for e in (g.get("list") or {}).get("elements") or []]
    if "{{" not in where:
        if where != home.name:
            return ""
        only_list = all(set(g) == {"list"} for g in spec.get("generators") or [])
        if only_list and len(elements) <= 1:
            return ""
        return f"ApplicationSet {name} deploys {where} to several places"
    paths = [_filled(where, e) for e in elements]
    if paths.count(home.name) > 1:
        return f"ApplicationSet {name} deploys {home.name} to {paths.count(home.name)} places"
    return ""


def _filled(text: str, element: Mapping[str, Any]) -> str:
    for key, value in element.items():
        text = re.sub(r"\{\{\s*\.?" + re.escape(str(key)) + r"\s*\}\}", str(value).replace("\\", ""), text)
    return text
