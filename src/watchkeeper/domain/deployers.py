"""What Argo CD and Flux write on an object they deploy: which of their own objects put it there."""

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]
Key = tuple[str, str, str]
"""kind, namespace, name; namespace "" where the mark does not tell it"""

_TRACKED, _INSTANCE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
_FLUX = "kustomize.toolkit.fluxcd.io/"


def deployers_of(thing: Object) -> tuple[Key, ...]:
    """What deploys the object. An application outside Argo CD's own namespace is marked `namespace_name`."""
    head = thing.get("metadata") or {}
    labels, notes = head.get("labels") or {}, head.get("annotations") or {}
    out: list[Key] = []
    if tracked := str(notes.get(_TRACKED, "")).split(":")[0] or str(labels.get(_INSTANCE, "")):
        space, _, name = tracked.rpartition("_")
        out.append(("Application", space, name))
    if name := str(labels.get(f"{_FLUX}name", "")):
        out.append(("Kustomization", str(labels.get(f"{_FLUX}namespace", "")), name))
    return tuple(out)


def source_of(deployer: Object) -> Key | None:
    """The GitRepository that a Kustomization reads; None where it reads something else."""
    told = (deployer.get("spec") or {}).get("sourceRef") or {}
    if told.get("kind") != "GitRepository":
        return None
    own = str((deployer.get("metadata") or {}).get("namespace", ""))
    return "GitRepository", str(told.get("namespace") or own), str(told.get("name", ""))
