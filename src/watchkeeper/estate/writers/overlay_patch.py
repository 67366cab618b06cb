"""A patch added to one overlay, where the base that declares the field is shared with other environments."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import yaml

from watchkeeper.domain.remediation import FileEdit
from watchkeeper.estate.effects import Intent, home_of
from watchkeeper.estate.fields import Named, assign, steps_of
from watchkeeper.estate.units import Unit, key_of, kustomization_of, own_name, units
from watchkeeper.estate.writer import Candidate, Files, Rules, Writer, by_rendering


def candidates(files: Files, intent: Intent, rules: Rules) -> Iterator[Candidate]:
    """One: the overlay's kustomization with one more entry of `patches`."""
    home = home_of(units(files), intent)
    if isinstance(home, str) or home.kind != "kustomize":
        return
    if any(isinstance(steps_of(f.path)[-1], Named) for f in intent.fields):
        yield "an entry of a list is not taken away by a patch"
        return
    path = kustomization_of(home)
    yield _with_patch(files[path], path, yaml.safe_load(files[path]) or {}, home, intent)


def _with_patch(text: str, path: str, said: Mapping[str, Any], home: Unit, intent: Intent) -> Candidate:
    thing = next(o for o in home.objects if key_of(o) == intent.key)
    patch: dict[str, Any] = {"apiVersion": thing.get("apiVersion", "apps/v1"), "kind": intent.target.kind}
    patch["metadata"] = {"name": own_name(said, intent.target.name)}
    for change in intent.fields:
        _grow(patch, change.path)
        assign(patch, change.path, change.after)
    body = yaml.safe_dump(patch, sort_keys=False).rstrip("\n")
    lines = [
        f"- target: {{kind: {intent.target.kind}, name: {json.dumps(patch['metadata']['name'])}}}",
        "  patch: |-",
        *(f"    {line}" for line in body.splitlines()),
    ]
    after = _appended(text, lines)
    return f"{path}: its patches are not a block list" if after is None else FileEdit(path, text, after)


def _grow(patch: dict[str, Any], path: str) -> None:
    """Make room for the path: empty maps, and list entries with just their key."""
    place: Any = patch
    steps = steps_of(path)
    for step, following in pairwise(steps):
        if isinstance(step, Named):
            entry = next((e for e in place if step.fits(e)), None)
            if entry is None:
                entry = {step.key: step.name}
                place.append(entry)
            place = entry
        else:
            place = place.setdefault(step, [] if isinstance(following, Named) else {})


def _appended(text: str, lines: list[str]) -> str | None:
    """The list `patches` with one more entry; at the end of the file where there is none."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
        if key.value == "patches":
            if not isinstance(value, yaml.SequenceNode) or value.flow_style or not value.value:
                return None
            indent = " " * (value.value[0].start_mark.column - 2)
            rows = text.splitlines(keepends=True)
            last = value.value[-1].end_mark
            at = last.line if last.column == 0 else last.line + 1
            while at > 0 and not rows[at - 1].strip():
                at -= 1
            if at and not rows[at - 1].endswith("\n"):
                rows[at - 1] += "\n"
            return "".join([*rows[:at], *(f"{indent}{line}\n" for line in lines), *rows[at:]])
    tail = "" if text.endswith("\n") or not text else "\n"
    return f"{text}{tail}patches:\n" + "".join(f"  {line}\n" for line in lines)


WRITER = Writer(candidates, by_rendering)
