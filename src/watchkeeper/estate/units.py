"""What is deployed from a repository: every kustomization, chart and plain folder as one unit, rendered where we know how.

The renderer knows a subset of Kustomize, listed in `_KNOWN`. A key it does not know makes the unit one that cannot be
rendered, never one that is rendered wrongly. Charts are never rendered here: that takes their own program.
"""

import copy
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.estate.documents import documents, head_of
from watchkeeper.estate.patches import CannotPatch, apply_patch

Files = Mapping[str, str]
Key = tuple[str, str, str]
"""kind, namespace, name"""

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_KNOWN = frozenset(
    {
        "apiVersion", "kind", "metadata", "resources", "bases", "namespace", "namePrefix", "nameSuffix", "images", "replicas",
        "patches", "patchesStrategicMerge", "patchesJson6902", "labels", "commonLabels", "commonAnnotations",
        "configMapGenerator", "secretGenerator", "generatorOptions",
    }
)  # fmt: skip
_CLUSTER_WIDE = ("Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "StorageClass")


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that is deployed as a whole."""

    name: str
    """The folder, "" for the top."""
    kind: str
    """kustomize, chart, plain"""
    objects: tuple[Mapping[str, Any], ...]
    includes: frozenset[str]
    """paths of the files it is made of"""
    problem: str = ""
    """why it cannot be rendered"""


class CannotRender(ValueError):
    """The unit uses something this renderer does not know."""


def key_of(thing: Mapping[str, Any]) -> Key:
    """What names an object in a cluster."""
    head = head_of(thing)
    kind = str(thing.get("kind", ""))
    return kind, "" if kind in _CLUSTER_WIDE else str(head.get("namespace", "default")), str(head.get("name", ""))


def units(files: Files) -> list[Unit]:
    """Kustomizations that no other one includes, charts, and plain files by folder. O(size of all files)."""
    folders = {posixpath.dirname(p): p for p in files if posixpath.basename(p) in _NAMES}
    charts = sorted(posixpath.dirname(p) for p in files if posixpath.basename(p) == "Chart.yaml")
    made = [_kustomized(files, folder, folders) for folder in sorted(folders)]
    nested = {f for unit in made for f in unit.includes if posixpath.dirname(f) != unit.name}
    leaves = [u for u in made if folders[u.name] not in nested]
    taken = {f for unit in made for f in unit.includes}
    outer = [c for c in charts if not any(c != o and _under(c, o) for o in charts)]
    leaves += [_chart(files, folder) for folder in outer]
    plain = [
        p for p in sorted(files)
        if p.endswith((".yaml", ".yml")) and p not in taken and not any(_under(p, c) for c in outer)
    ]  # fmt: skip
    return leaves + [_plain(files, folder, plain) for folder in sorted({posixpath.dirname(p) for p in plain})]


def _under(path: str, folder: str) -> bool:
    return folder == "" or path.startswith(folder + "/") or path == folder


_ODD = (AttributeError, TypeError, LookupError, ValueError, RecursionError)
"""What texts of a repository raise that are YAML, and of another shape than their form of declaration knows."""


def _plain(files: Files, folder: str, paths: Sequence[str]) -> Unit:
    mine = [p for p in paths if posixpath.dirname(p) == folder]
    try:
        return Unit(folder, "plain", tuple(o for p in mine for o in _objects(files[p], p)), frozenset(mine))
    except CannotRender as error:
        return Unit(folder, "plain", (), frozenset(mine), str(error))
    except _ODD:
        return Unit(folder, "plain", (), frozenset(mine), f"{folder or '.'} holds objects of a shape we do not know")


def _chart(files: Files, folder: str) -> Unit:
    inside = frozenset(p for p in files if _under(p, folder))
    return Unit(folder, "chart", (), inside, "a chart is rendered by helm only")


def _kustomized(files: Files, folder: str, folders: Mapping[str, str]) -> Unit:
    seen: set[str] = set()
    try:
        found = _build(files, folder, folders, seen, ())
    except (CannotRender, CannotPatch) as error:
        why = str(error)
    except _ODD:
        why = f"{folders[folder]} has a shape that kustomize does not know"
    else:
        return Unit(folder, "kustomize", tuple(found), frozenset(seen))
    return Unit(folder, "kustomize", (), frozenset(seen | _mentioned(files, folder, folders, ())), why)


def _mentioned(files: Files, folder: str, folders: Mapping[str, str], above: tuple[str, ...]) -> set[str]:
    """Everything a kustomization that we cannot render may be made of: its folder, and what its strings lead to."""
    found = {p for p in files if folder and _under(p, folder)} | {folders[folder]}
    try:
        said = _mapping(files[folders[folder]], folder)
    except CannotRender:
        return found
    for text in _strings(said):
        path = posixpath.normpath(posixpath.join(folder, text))
        if path in files:
            found.add(path)
        elif path in folders and path not in above:
            found |= _mentioned(files, path, folders, (*above, folder))
    return found


def _strings(thing: Any) -> Iterator[str]:
    if isinstance(thing, str) and "\n" not in thing:
        yield thing
    elif isinstance(thing, Mapping | list):
        for part in thing.values() if isinstance(thing, Mapping) else thing:
            yield from _strings(part)


def _objects(text: str, path: str) -> Iterator[dict[str, Any]]:
    found = documents(text)
    if found is None:
        raise CannotRender(f"{path} is not YAML")
    for document in found:
        if isinstance(document, dict) and document.get("kind") == "List":
            yield from (copy.deepcopy(i) for i in document.get("items") or [] if isinstance(i, dict))
        elif isinstance(document, dict) and "kind" in document:
            yield copy.deepcopy(document)


def _build(
    files: Files, folder: str, folders: Mapping[str, str], seen: set[str], above: tuple[str, ...]
) -> list[dict[str, Any]]:
    if folder in above:
        raise CannotRender(f"{folder} includes itself")
    path = folders[folder]
    seen.add(path)
    said = _mapping(files[path], path)
    unknown = sorted({str(k) for k in said} - _KNOWN)
    if unknown:
        raise CannotRender(f"{path} uses {', '.join(unknown)}")
    objects: list[dict[str, Any]] = []
    for entry in [*_list(said, "resources"), *_list(said, "bases")]:
        objects += _resource(
            files, posixpath.normpath(posixpath.join(folder, str(entry))), folders, seen, (*above, folder)
        )
    objects += _generated(files, folder, said, seen)
    for patch in _patches(files, folder, said, seen):
        objects = apply_patch(objects, *patch)
    return _transformed(objects, said)


def _resource(
    files: Files, path: str, folders: Mapping[str, str], seen: set[str], above: tuple[str, ...]
) -> list[dict[str, Any]]:
    if path in folders:
        return _build(files, path, folders, seen, above)
    if path not in files:
        raise CannotRender(f"{above[-1] or '.'} includes {path}, which is not in this repository")
    seen.add(path)
    return list(_objects(files[path], path))


def _generated(files: Files, folder: str, said: Mapping[str, Any], seen: set[str]) -> list[dict[str, Any]]:
    """Generated objects without the hash in their names: enough to see whether their content changes."""
    out = []
    for kind in ("ConfigMap", "Secret"):
        for entry in _list(said, f"{kind[0].lower()}{kind[1:]}Generator"):
            data: dict[str, Any] = {"literals": entry.get("literals", [])}
            for item in [*entry.get("files", []), *entry.get("envs", [])]:
                path = posixpath.normpath(posixpath.join(folder, str(item).partition("=")[2] or str(item)))
                seen.add(path)
                data[str(item)] = files.get(path, "")
            head = {
                "name": entry.get("name", ""),
                **({"namespace": entry["namespace"]} if "namespace" in entry else {}),
            }
            out.append({"apiVersion": "v1", "kind": kind, "metadata": head, "generated": data})
    return out


def _patches(
    files: Files, folder: str, said: Mapping[str, Any], seen: set[str]
) -> Iterator[tuple[Any, Mapping[str, Any] | None]]:
    """(patch, target) in order; a text is read from its file or taken as it stands."""
    for entry in [{"path": p} for p in _list(said, "patchesStrategicMerge")] + [
        *_list(said, "patches"), *_list(said, "patchesJson6902"),
    ]:  # fmt: skip
        text = entry.get("patch")
        if text is None:
            path = posixpath.normpath(posixpath.join(folder, str(entry.get("path", ""))))
            if path not in files:
                raise CannotRender(f"{folder} patches with {path}, which is not in this repository")
            seen.add(path)
            text = files[path]
        if entry.get("options"):
            raise CannotRender(f"{folder} uses options of patches")
        for document in _yaml_all(text, folder):
            yield document, entry.get("target")


def _transformed(objects: list[dict[str, Any]], said: Mapping[str, Any]) -> list[dict[str, Any]]:
    prefix, suffix = str(said.get("namePrefix") or ""), str(said.get("nameSuffix") or "")
    for thing in objects:
        head = thing.setdefault("metadata", {})
        if said.get("namespace") and str(thing.get("kind")) not in _CLUSTER_WIDE:
            head["namespace"] = said["namespace"]
        for entry in _list(said, "replicas"):
            if entry.get("name") == head.get("name") and thing.get("kind") in (
                "Deployment",
                "StatefulSet",
                "ReplicaSet",
            ):
                thing.setdefault("spec", {})["replicas"] = entry.get("count")
        for entry in _list(said, "images"):
            _image(thing, entry)
        for name in ("commonAnnotations", "commonLabels"):
            where = "annotations" if name == "commonAnnotations" else "labels"
            if said.get(name):
                head[where] = {**(head.get(where) or {}), **said[name]}
        for entry in _list(said, "labels"):
            head["labels"] = {**(head.get("labels") or {}), **(entry.get("pairs") or {})}
        if "name" in head:
            head["name"] = f"{prefix}{head['name']}{suffix}"
    return objects


def _image(thing: Any, entry: Mapping[str, Any]) -> None:
    if isinstance(thing, list):
        for part in thing:
            _image(part, entry)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if key == "image" and isinstance(value, str):
                thing[key] = renamed(value, entry)
            else:
                _image(value, entry)


def split_image(image: str) -> tuple[str, str]:
    """(name, ":tag" or "@digest" or "")."""
    name, at, digest = image.partition("@")
    if at:
        return name, f"@{digest}"
    head, colon, tag = name.rpartition(":")
    return (head, f":{tag}") if colon and "/" not in tag else (name, "")


def renamed(image: str, entry: Mapping[str, Any]) -> str:
    """As the `images` of a kustomization say."""
    name, tail = split_image(image)
    if name != entry.get("name"):
        return image
    if entry.get("digest"):
        tail = f"@{entry['digest']}"
    elif entry.get("newTag") is not None:
        tail = f":{entry['newTag']}"
    return str(entry.get("newName", name)) + tail


def kustomization_of(unit: Unit) -> str:
    """Path of the unit's own kustomization file."""
    return next(p for p in unit.includes if posixpath.dirname(p) == unit.name and posixpath.basename(p) in _NAMES)


def own_name(said: Mapping[str, Any], rendered: str) -> str:
    """An object's name before a kustomization's prefix and suffix."""
    return rendered.removeprefix(str(said.get("namePrefix") or "")).removesuffix(str(said.get("nameSuffix") or ""))


def _mapping(text: str, path: str) -> Mapping[str, Any]:
    found = next(iter(_yaml_all(text, path)), None)
    if not isinstance(found, Mapping):
        raise CannotRender(f"{path} is not a mapping")
    return found


def _yaml_all(text: str, path: str) -> list[Any]:
    found = documents(text)
    if found is None:
        raise CannotRender(f"a file of {path or 'the top'} is not YAML")
    return [d for d in found if d is not None]


def _list(said: Mapping[str, Any], key: str) -> list[Any]:
    return list(said.get(key) or [])
