"""From a live object to the repository and folder it is deployed from, by what Argo CD and Flux write on it. Pure."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.domain.topology import Workload

Thing = Mapping[str, Any]

_TRACKING, _INSTANCE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
_FLUX = {"Kustomization": "kustomize.toolkit.fluxcd.io", "HelmRelease": "helm.toolkit.fluxcd.io"}
_ARGO_HOME = "argocd"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is declared. `deployer` in words."""

    deployer: str
    repository: str
    """URL, as the deployer has it"""
    path: str
    """folder in it, "" for its root"""
    revision: str = ""

    def within(self, repository: str) -> bool:
        """Is it the repository called owner/name (or organisation/project/_git/name)?"""
        own = re.sub(r"\.git$", "", self.repository.strip().rstrip("/").replace(":", "/").lower())
        return bool(repository) and f"/{own}".endswith(f"/{repository.strip('/').lower()}")


def deployer_of(live: Thing) -> Workload | None:
    """The Application, Kustomization or HelmRelease that deploys an object; None where nobody says so."""
    head = live.get("metadata") or {}
    notes, labels = head.get("annotations") or {}, head.get("labels") or {}
    tracked = str(notes.get(_TRACKING, "")).split(":")[0] or str(labels.get(_INSTANCE, ""))
    if tracked:
        # An application outside Argo CD's own namespace is written namespace_name.
        space, _, name = tracked.rpartition("_")
        return Workload(space or _ARGO_HOME, "Application", name)
    for kind, group in _FLUX.items():
        if labels.get(f"{group}/name"):
            return Workload(str(labels.get(f"{group}/namespace", "flux-system")), kind, str(labels[f"{group}/name"]))
    return None


def repository_of(deployer: Thing) -> Workload | None:
    """The GitRepository that a Flux object reads; None for others."""
    spec = deployer.get("spec") or {}
    chart = ((spec.get("chart") or {}).get("spec") or {}).get("sourceRef")
    said = spec.get("sourceRef") or chart or {}
    if said.get("kind") != "GitRepository" or not said.get("name"):
        return None
    here = str((deployer.get("metadata") or {}).get("namespace", ""))
    return Workload(str(said.get("namespace") or here), "GitRepository", str(said["name"]))


def place_of(deployer: Thing, repository: Thing | None) -> Place | None:
    """Repository and folder. None where several sources are mixed, or it is a chart of a registry."""
    spec, head = deployer.get("spec") or {}, deployer.get("metadata") or {}
    if deployer.get("kind") == "Application":
        source = spec.get("source") or {}
        if spec.get("sources") or not source.get("repoURL") or source.get("chart"):
            return None
        words = f"Argo CD's application {head.get('name', '')}"
        return Place(
            words, str(source["repoURL"]), _folder(source.get("path")), str(source.get("targetRevision") or "")
        )
    chart = ((spec.get("chart") or {}).get("spec") or {}).get("chart")
    inside = (repository or {}).get("spec") or {}
    if not inside.get("url"):
        return None
    ref = inside.get("ref") or {}
    words = f"Flux's {deployer.get('kind')} {head.get('name', '')}"
    return Place(
        words, str(inside["url"]), _folder(spec.get("path") or chart), str(ref.get("branch") or ref.get("tag") or "")
    )


def _folder(said: object) -> str:
    path = posixpath.normpath(str(said or ".")).strip("/")
    return "" if path == "." else path
