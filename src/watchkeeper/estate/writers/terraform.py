"""Terraform: one literal of one resource, edited in place."""

import posixpath
from collections.abc import Iterator
from typing import Any

from watchkeeper.domain.remediation import FileEdit
from watchkeeper.estate.effects import Intent
from watchkeeper.estate.hcl import blocks, leaves
from watchkeeper.estate.writer import Candidate, Files, Rules, Writer


def candidates(files: Files, intent: Intent, rules: Rules) -> Iterator[Candidate]:
    """Fields such as `resource.KIND.NAME.max_count` of a NodePool; all in one file."""
    if intent.target.kind != "NodePool":
        return
    for path in sorted(p for p in files if p.endswith(".tf")):
        text = files[path]
        after: str | None = text
        for field in intent.fields:
            after = _set(after, field.path, field.before, field.after) if after is not None else None
        if after is not None:
            yield FileEdit(path, text, after)
            return
    yield f"no Terraform file sets {', '.join(f.path for f in intent.fields)} to what it is now, as a literal"


def _set(text: str, path: str, before: Any, after: Any) -> str | None:
    for block in blocks(text):
        value = block.values.get(path.removeprefix(f"{block.name}.")) if path.startswith(f"{block.name}.") else None
        if value is not None and value.literal is not None and value.literal == before:
            return text[: value.start] + _written(after) + text[value.end :]
    return None


def _written(value: Any) -> str:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else str(value)
        if isinstance(value, int | float)
        else f'"{value}"'
    )


def proof(before: Files, after: Files, intent: Intent, rules: Rules) -> str:
    """Exactly the intended leaves differ, and the folder is no module that several places use."""
    for path in (p for p in after if before.get(p) != after[p]):
        old, new = leaves(before.get(path, "")), leaves(after[path])
        if old is None or new is None:
            return f"{path} does not parse"
        changed = [k for k in {*old, *new} if old.get(k) != new.get(k)]
        if len(changed) != len(intent.fields):
            return f"{path}: it would also change {', '.join(sorted(changed))}"
        users = _users(before, posixpath.dirname(path))
        if len(users) > 1:
            return f"{path} is in a module that several places use: {', '.join(users)}"
    return ""


def _users(files: Files, folder: str) -> list[str]:
    """Modules (path: name) whose source is this folder; one with count or for_each counts twice."""
    out = []
    for path, text in sorted(files.items()):
        if not path.endswith(".tf"):
            continue
        for block in blocks(text):
            source = block.values.get("source")
            if not block.name.startswith("module.") or source is None or not isinstance(source.literal, str):
                continue
            if posixpath.normpath(posixpath.join(posixpath.dirname(path), source.literal)) == (folder or "."):
                out += [f"{path}: {block.name}"] * (2 if {"count", "for_each"} & set(block.values) else 1)
    return out


WRITER = Writer(candidates, proof)
