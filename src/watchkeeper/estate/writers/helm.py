"""Helm values, where people declared which value a field comes from (`delivery.helm_values`). Charts are not rendered here."""

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.documents import mappings
from watchkeeper.estate.effects import Intent
from watchkeeper.estate.fields import read, same
from watchkeeper.estate.manifests import Located, edit
from watchkeeper.estate.writer import Candidate, Files, HelmPlace, Rules, Writer


def candidates(files: Files, intent: Intent, rules: Rules) -> Iterator[Candidate]:
    """One edit of the values file, if all fields have a declared place in the same one."""
    places = [p for p in rules.helm if p.target == str(intent.target)]
    if not places:
        return
    found = [next((p for p in places if p.field == f.path), None) for f in intent.fields]
    known = [p for p in found if p is not None]
    if len(known) < len(found) or len({p.file for p in known}) != 1:
        yield f"delivery.helm_values does not say where {', '.join(f.path for f in intent.fields)} comes from"
        return
    yield _edit(files, intent, known)


def _edit(files: Files, intent: Intent, places: list[HelmPlace]) -> Candidate:
    path = places[0].file
    if path not in files:
        return f"{path} is not in the repository"
    found = mappings(files[path])
    if len(found) != 1:
        return f"{path} is not one YAML mapping"
    said = found[0]
    changes = []
    for place, field in zip(places, intent.fields, strict=True):
        value = read(said, place.path)
        if not same(value, field.before):
            return f"{path} says {place.path} is {value}, but the live object has {field.before}"
        if field.after is None:
            return f"{path}: a chart's value is not taken away, for its template may need it"
        changes.append(FieldChange(place.path, value, field.after))
    return edit(files, Located(path, 0, said), changes)


def proof(before: Files, after: Files, intent: Intent, rules: Rules) -> str:
    """One release reads the file, and nothing else was declared to come from the same value."""
    touched = [p for p in after if before.get(p) != after[p]]
    for path in touched:
        mine = {p.path for p in rules.helm if p.file == path and p.target == str(intent.target)}
        others = sorted(
            {p.target for p in rules.helm if p.file == path and p.target != str(intent.target) and p.path in mine}
        )
        if others:
            return f"{path}: {', '.join(others)} is made from the same value"
        releases = _readers(before, path)
        if len(releases) > 1:
            return f"{path} is read by several releases: {', '.join(releases)}"
    return ""


def _readers(files: Files, values: str) -> list[str]:
    """Releases (Argo CD, Flux) that name the values file, each element of a set counted."""
    out = []
    for path, text in sorted(files.items()):
        if not path.endswith((".yaml", ".yml")) or path == values:
            continue
        for document in mappings(text):
            kind, name = str(document.get("kind")), str((document.get("metadata") or {}).get("name", ""))
            if kind in ("Application", "ApplicationSet", "HelmRelease") and _names(document, values):
                sets = document.get("spec", {}).get("generators") or [] if kind == "ApplicationSet" else []
                count = sum(len((g.get("list") or {}).get("elements") or [1, 1]) for g in sets) or 1
                out += [f"{kind} {name}"] * count
    return out


def _names(thing: Any, values: str) -> bool:
    """Does any value-file entry of the document end with the file's path or name?"""
    if isinstance(thing, Mapping):
        for key, value in thing.items():
            if key in ("valueFiles", "valuesFiles") and isinstance(value, list):
                if any(values.endswith(str(v).rsplit("$values/", 1)[-1].lstrip("./")) for v in value):
                    return True
            elif _names(value, values):
                return True
    return isinstance(thing, list) and any(_names(t, values) for t in thing)


WRITER = Writer(candidates, proof)
