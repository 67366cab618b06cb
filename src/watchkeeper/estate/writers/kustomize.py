"""Kustomizations: their `replicas` and `images`."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.effects import Intent, home_of
from watchkeeper.estate.fields import read
from watchkeeper.estate.manifests import Located, edit
from watchkeeper.estate.units import Unit, kustomization_of, own_name, split_image, units
from watchkeeper.estate.writer import Candidate, Files, Rules, Writer, by_rendering


def candidates(files: Files, intent: Intent, rules: Rules) -> Iterator[Candidate]:
    """The overlay's own transformers."""
    home = home_of(units(files), intent)
    if isinstance(home, str) or home.kind != "kustomize":
        return
    path = kustomization_of(home)
    said = yaml.safe_load(files[path]) or {}
    located = Located(path, 0, said)
    for change in _transformers(said, home, intent):
        yield edit(files, located, [change])


def _transformers(said: Mapping[str, Any], home: Unit, intent: Intent) -> Iterator[FieldChange]:
    if len(intent.fields) != 1:
        return
    [field] = intent.fields
    name = own_name(said, intent.target.name)
    if field.path == "spec.replicas":
        entry = f"replicas[name={name}]"
        if read(said, entry) is not None:
            yield FieldChange(f"{entry}.count", read(said, f"{entry}.count"), field.after)
    if field.path.endswith(".image"):
        was, will = split_image(str(field.before)), split_image(str(field.after))
        for entry in said.get("images") or []:
            if was[0] == will[0] == entry.get("newName", entry.get("name")) and will[1].startswith(":"):
                where = f"images[name={entry['name']}].newTag"
                yield FieldChange(where, entry.get("newTag"), will[1][1:])


WRITER = Writer(candidates, by_rendering)
