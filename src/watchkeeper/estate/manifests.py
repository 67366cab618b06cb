"""Editing Kubernetes YAML by splicing text, so that comments, order and quoting survive and the diff is minimal.

The parser tells where a value stands; only those characters change. Afterwards both texts are parsed again and must
differ in exactly the fields that were meant (an anchor used twice would show here).
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from watchkeeper.domain.remediation import FieldChange, FileEdit
from watchkeeper.estate.documents import documents, head_of
from watchkeeper.estate.fields import Named, Step, put, read, same, steps_of

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Located:
    """Where an object is declared: file and number of the document in it."""

    path: str
    document: int
    content: Mapping[str, Any]


def locate(files: Files, kind: str, namespace: str, name: str) -> Located | str:
    """The one document that declares the object, or why there is not exactly one. O(size of all files)."""
    found = []
    for path, text in sorted(files.items()):
        if path.endswith((".yaml", ".yml")):
            found += [
                Located(path, n, d) for n, d in enumerate(_documents(text)) if _declares(d, kind, namespace, name)
            ]
    if not found:
        return f"no file of the repository declares {kind} {namespace}/{name}"
    if len(found) > 1:
        return f"{kind} {namespace}/{name} is declared twice: {', '.join(f.path for f in found)}"
    return found[0]


def edit(files: Files, located: Located, changes: Sequence[FieldChange]) -> FileEdit | str:
    """The file with the fields set to their `after` (None: taken away), or why it cannot be done."""
    before = after = files[located.path]
    for change in changes:
        make = _set if change.after is not None else _without
        spliced = make(after, located.document, steps_of(change.path), change.after)
        if isinstance(spliced, Problem):
            return f"{located.path}: {change.path} cannot be edited: {spliced.words}"
        after = spliced
    problem = _unintended(before, after, located.document, changes)
    return f"{located.path}: {problem}" if problem else FileEdit(located.path, before, after)


def unified_diff(change: FileEdit) -> str:
    """As `git diff` would show it."""
    lines = difflib.unified_diff(
        change.before.splitlines(keepends=True), change.after.splitlines(keepends=True),
        f"a/{change.path}", f"b/{change.path}",
    )  # fmt: skip
    return "".join(lines)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an edit is refused."""

    words: str


def _documents(text: str) -> list[Any]:
    return list(documents(text) or ())


def _declares(document: Any, kind: str, namespace: str, name: str) -> bool:
    if not isinstance(document, Mapping) or document.get("kind") != kind:
        return False
    head = head_of(document)
    return head.get("name") == name and head.get("namespace", "default") == namespace


def _set(text: str, document: int, steps: Sequence[Step], value: Any) -> str | Problem:
    node: Any = list(yaml.compose_all(text, Loader=yaml.SafeLoader))[document]
    for depth, step in enumerate(steps):
        below: yaml.Node | None = _child(node, step)
        if below is None:
            return _insert(text, node, steps[depth:], value)
        node = below
    flat = isinstance(node, yaml.CollectionNode) and node.flow_style and isinstance(value, list | Mapping)
    if not flat and (not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">")):
        return Problem("it is not a plain value")
    before, after = str(text[: node.start_mark.index]), str(text[node.end_mark.index :])
    return before + _scalar(value, None if flat else node.style) + after


def _without(text: str, document: int, steps: Sequence[Step], _: Any) -> str | Problem:
    """The key, or the entry of a list, taken away: whole lines of a block, or one member between commas."""
    node: Any = list(yaml.compose_all(text, Loader=yaml.SafeLoader))[document]
    for step in steps[:-1]:
        node = _child(node, step)
        if node is None:
            return text
    gone, last = _child(node, steps[-1]), steps[-1]
    if gone is None:
        return text
    if len(node.value) < 2:
        return Problem("nothing would be left beside it")
    if isinstance(last, Named):
        members = [(entry, entry) for entry in node.value]
    else:
        members = list(node.value)
    place = next(n for n, (_, value) in enumerate(members) if value is gone)
    return (_between_commas if node.flow_style else _lines_of)(text, members, place)


def _between_commas(text: str, members: Sequence[tuple[Any, Any]], place: int) -> str:
    if place + 1 < len(members):
        return text[: members[place][0].start_mark.index] + text[members[place + 1][0].start_mark.index :]
    return text[: members[place - 1][1].end_mark.index] + text[members[place][1].end_mark.index :]


def _lines_of(text: str, members: Sequence[tuple[Any, Any]], place: int) -> str | Problem:
    """A block member starts its own line, unless it is the first behind a dash: then the next one takes its place."""
    key, value = members[place]
    rows = text.splitlines(keepends=True)
    # The mark of what is a block stands at the next token; comments in between belong to that one.
    block = not value.flow_style if isinstance(value, yaml.CollectionNode) else value.style in ("|", ">")
    ends = value.end_mark.line if block and value.end_mark.index < len(text) else value.end_mark.line + 1
    while ends > key.start_mark.line + 1 and (ends > len(rows) or rows[ends - 1].lstrip()[:1] in ("", "#")):
        ends -= 1
    lead = rows[key.start_mark.line][: key.start_mark.column]
    if lead.strip() in ("", "-") and (lead.strip() == "" or key is value):
        return "".join([*rows[: key.start_mark.line], *rows[ends:]])
    following = rows[ends] if ends < len(rows) else ""
    if len(following) - len(following.lstrip()) != len(lead):
        return Problem("a comment or another line stands where the next key would")
    return "".join([*rows[: key.start_mark.line], lead + following[len(lead) :], *rows[ends + 1 :]])


def _child(node: Any, step: Step) -> Any:
    if isinstance(step, Named) and isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            name = _child(entry, step.key)
            if name is not None and name.value == step.name:
                return entry
    if isinstance(step, str) and isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None


def _insert(text: str, parent: Any, steps: Sequence[Step], value: Any) -> str | Problem:
    """New keys as the first entry of a block mapping, at its indentation."""
    if not isinstance(parent, yaml.MappingNode) or parent.flow_style or not parent.value:
        return Problem("the place to add it is not a block of keys")
    names = [s for s in steps if isinstance(s, str)]
    if len(names) != len(steps):
        return Problem("a list entry would have to be added")
    first = parent.value[0][0].start_mark
    lines = []
    for depth, name in enumerate(names):
        indent = " " * (first.column + 2 * depth)
        last = depth == len(names) - 1
        key = _scalar(name, None)
        lines.append(f"{indent if depth else ''}{key}:{' ' + _scalar(value, None) if last else ''}\n")
    before, after = str(text[: first.index]), str(text[first.index :])
    return before + "".join(lines) + " " * int(first.column) + after


def _scalar(value: Any, style: str | None) -> str:
    if isinstance(value, list | Mapping):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool | int | float):
        text = json.dumps(value)
        return f'"{text}"' if style in ('"', "'") else text
    text = str(value)
    if style is None and _plain(text):
        return text
    return "'" + text.replace("'", "''") + "'" if style == "'" else json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> bool:
    try:
        return bool(yaml.safe_load(f"k: {text}\n") == {"k": text})
    except yaml.YAMLError:
        return False


def _unintended(before: str, after: str, document: int, changes: Sequence[FieldChange]) -> str:
    old, new = _documents(before), _documents(after)
    if len(old) != len(new):
        return "the edit would break the file"
    for change in changes:
        if not same(read(new[document], change.path), change.after):
            return f"{change.path} would not become {change.after}"
    wanted, new = _unshared(old), _unshared(new)
    for change in changes:
        put(wanted[document], change.path, read(new[document], change.path))
    return "" if wanted == new else "the edit would change more than was meant"


def _unshared(documents: list[Any]) -> list[Any]:
    """Copies in which an anchor and its aliases are values of their own: changing one would show in the others."""
    return list(json.loads(json.dumps(documents, default=str)))
