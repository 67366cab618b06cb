"""From a live object to the repository and path it is deployed from, as Argo CD and Flux say."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.domain.deployers import Key, Object, deployers_of, source_of
from watchkeeper.estate.units import Files, units


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a deployer takes an object from."""

    deployer: str
    repository: str
    """its URL"""
    path: str | None
    """folder, "" for the top; None where it only lends values files"""
    revision: str
    """"" for the default branch"""
    values: frozenset[str] = frozenset()
    """Helm values files it reads from outside that folder"""


def provenances(live: Object, objects: Iterable[Object]) -> tuple[Provenance, ...]:
    """Every source of what deploys the object; () where nothing says so or it cannot be read."""
    known = {_key(o): o for o in objects if o.get("kind") in ("Application", "Kustomization", "GitRepository")}
    marks = deployers_of(live)
    found = [o for key, o in known.items() if any(_meets(mark, key) for mark in marks)]
    return tuple(p for o in found for p in (_argo(o) if o["kind"] == "Application" else _flux(o, known)))


def out_of_reach(found: tuple[Provenance, ...], files: Files, repository: str, base_branch: str, edited: str) -> str:
    """Why an edit on the base branch of our repository would not reach the object; "" where it would, or nobody knows."""
    ours = [p for p in found if same_repository(p.repository, repository)]
    if found and not ours:
        return f"{found[0].deployer} deploys it from {found[0].repository}, not from {repository}: repair it there"
    tracked = [p for p in ours if p.revision in ("", "HEAD", base_branch, f"refs/heads/{base_branch}")]
    if ours and not tracked:
        return (
            f"{ours[0].deployer} deploys revision {ours[0].revision}: what is merged to {base_branch} does not reach it"
        )
    if tracked and not any(_holds(p, files, edited) for p in tracked):
        return f"{tracked[0].deployer} deploys the folder {tracked[0].path}, which does not take in {edited}"
    return ""


def folder_in(found: tuple[Provenance, ...], repository: str) -> str:
    """The one folder of our repository that is deployed, "" where there is none or several."""
    folders = {p.path for p in found if p.path and same_repository(p.repository, repository)}
    return folders.pop() if len(folders) == 1 else ""


def same_repository(url: str, repository: str) -> bool:
    """Is the URL one of the repository `owner/name`? https, ssh and scp forms; Azure's `_git` is passed over."""
    path = re.sub(r"^(?:\w+://[^/]+/|[\w.-]+@[^:/]+:)", "", url).removesuffix("/").removesuffix(".git")
    parts = [p.lower() for p in path.split("/") if p not in ("", "_git", "v3")]
    wanted = [p.lower() for p in repository.split("/") if p]
    return bool(wanted) and parts[-len(wanted) :] == wanted


def _holds(source: Provenance, files: Files, edited: str) -> bool:
    if edited in source.values or source.path is None:
        return edited in source.values
    return (
        source.path == ""
        or edited.startswith(source.path + "/")
        or any(u.name == source.path and edited in u.includes for u in units(files))
    )


def _key(thing: Object) -> Key:
    head = thing.get("metadata") or {}
    return str(thing.get("kind", "")), str(head.get("namespace", "")), str(head.get("name", ""))


def _meets(mark: Key, key: Key) -> bool:
    return (mark[0], mark[2]) == (key[0], key[2]) and mark[1] in ("", key[1])


def _folder(path: Any) -> str:
    clean = posixpath.normpath(str(path or ".")).lstrip("/")
    return "" if clean == "." else clean


def _argo(thing: Object) -> Iterator[Provenance]:
    spec = thing.get("spec") or {}
    sources = [s for s in spec.get("sources") or [spec.get("source") or {}] if s.get("repoURL")]
    named = {f"${s['ref']}": s for s in sources if s.get("ref")}
    for source in sources:
        values: set[str] = set()
        for other in sources:
            for file in (other.get("helm") or {}).get("valueFiles") or []:
                head, _, rest = str(file).partition("/")
                if head in named and named[head] is source:
                    values.add(_folder(rest))
                elif head not in named and other is source:
                    values.add(_folder(posixpath.join(str(source.get("path") or ""), str(file))))
        folder = None if source.get("ref") and not source.get("path") else _folder(source.get("path"))
        yield Provenance(
            f"Argo CD's application {(thing.get('metadata') or {}).get('name', '')}", str(source["repoURL"]), folder,
            str(source.get("targetRevision") or ""), frozenset(values),
        )  # fmt: skip


def _flux(thing: Object, known: Mapping[Key, Object]) -> Iterator[Provenance]:
    source = known.get(source_of(thing) or ("", "", ""))
    if source is None:
        return
    told = source.get("spec") or {}
    ref = told.get("ref") or {}
    revision = next((str(ref[k]) for k in ("commit", "name", "semver", "tag", "branch") if ref.get(k)), "")
    name = f"Flux's kustomization {(thing.get('metadata') or {}).get('name', '')}"
    yield Provenance(name, str(told.get("url", "")), _folder((thing.get("spec") or {}).get("path")), revision)
