"""Kubernetes objects in YAML: plain files, and the bases and patches that a kustomization includes."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from watchkeeper.estate.documents import documents
from watchkeeper.estate.effects import Intent, home_of
from watchkeeper.estate.fields import read
from watchkeeper.estate.manifests import Located, edit
from watchkeeper.estate.units import Unit, units
from watchkeeper.estate.writer import Candidate, Files, Rules, Writer, by_rendering


def candidates(files: Files, intent: Intent, rules: Rules) -> Iterator[Candidate]:
    """An edit of each document that could be the object: those of the overlay itself first, those that have the field first."""
    deployed = units(files)
    home = home_of(deployed, intent)
    if isinstance(home, str):
        if intent.target.kind in ("NodePool",) or any(p.target == str(intent.target) for p in rules.helm):
            return
        yield home
        return
    for located in _documents(files, home, intent):
        yield edit(files, located, intent.fields)


def _documents(files: Files, home: Unit, intent: Intent) -> Sequence[Located]:
    found = [
        Located(path, number, document)
        for path in sorted(home.includes)
        if path.endswith((".yaml", ".yml"))
        for number, document in enumerate(documents(files[path]) or ())
        if _may_be(document, intent)
    ]
    return sorted(found, key=lambda f: (posixpath.dirname(f.path) != home.name, not _has(f.content, intent)))


def _may_be(document: Any, intent: Intent) -> bool:
    """The kind, and the name or a part of it: prefixes and suffixes join later; rendering tells whether it was."""
    if not isinstance(document, Mapping) or document.get("kind") != intent.target.kind:
        return False
    name = str((document.get("metadata") or {}).get("name", ""))
    return bool(name) and name in intent.target.name


def _has(content: Mapping[str, Any], intent: Intent) -> bool:
    return all(read(content, f.path) is not None for f in intent.fields)


WRITER = Writer(candidates, by_rendering)
