"""Who owns a field of a live object: an autoscaler, an image updater, a GitOps controller. Such fields are not edited."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.domain.deployers import deployers_of
from watchkeeper.domain.topology import Workload
from watchkeeper.estate.fields import Named, Step, steps_of

Objects = Iterable[Mapping[str, Any]]

_UPDATERS = ("argocd-image-updater.argoproj.io/", "keel.sh/policy", "fluxcd.io/automated", "fluxcd.io/tag")
_MANAGERS = {
    "keda": "KEDA", "vpa-updater": "the vertical autoscaler", "vpa-recommender": "the vertical autoscaler",
    "argocd-image-updater": "Argo CD's image updater", "image-automation-controller": "Flux's image automation",
}  # fmt: skip
_GITOPS = {"argocd-controller": "Argo CD", "kustomize-controller": "Flux", "helm-controller": "Flux"}


def owner_of(path: str, target: Workload, live: Mapping[str, Any], objects: Objects, *, direct: bool = False) -> str:
    """The owner in words, "" if the field may be edited. `direct`: on the live object, where GitOps would put it back."""
    things = [o for o in objects if (o.get("metadata") or {}).get("namespace") == target.namespace]
    found = ""
    if path == "spec.replicas":
        found = _scaler(target, things)
    elif ".resources." in path:
        found = _vertical(target, things)
    elif path.endswith(".image"):
        found = _updater(live)
    found = found or _manager(path, live, _MANAGERS)
    if direct and not found:
        found = _manager(path, live, _GITOPS) or _heals(target, live, objects)
    return found


def _scaler(target: Workload, things: list[Mapping[str, Any]]) -> str:
    for thing in things:
        to = (thing.get("spec") or {}).get("scaleTargetRef") or {}
        named = thing.get("kind") in ("HorizontalPodAutoscaler", "ScaledObject") and to.get("name") == target.name
        if named and to.get("kind", "Deployment") == target.kind:
            word = "the autoscaler" if thing["kind"] == "HorizontalPodAutoscaler" else "KEDA's"
            return f"{word} {thing['metadata'].get('name', '')}"
    return ""


def _vertical(target: Workload, things: list[Mapping[str, Any]]) -> str:
    for thing in things:
        spec = thing.get("spec") or {}
        to = spec.get("targetRef") or {}
        off = (spec.get("updatePolicy") or {}).get("updateMode") in ("Off", "Initial")
        if (
            thing.get("kind") == "VerticalPodAutoscaler"
            and (to.get("kind"), to.get("name")) == (target.kind, target.name)
            and not off
        ):
            return f"the vertical autoscaler {thing['metadata'].get('name', '')}"
    return ""


def _updater(live: Mapping[str, Any]) -> str:
    for name in (live.get("metadata") or {}).get("annotations") or {}:
        if str(name).startswith(_UPDATERS):
            return f"an image updater ({name})"
    return ""


def _manager(path: str, live: Mapping[str, Any], known: Mapping[str, str]) -> str:
    for entry in (live.get("metadata") or {}).get("managedFields") or []:
        words = next((w for name, w in known.items() if name in str(entry.get("manager", ""))), "")
        if words and _holds(entry.get("fieldsV1") or {}, steps_of(path)):
            return words
    return ""


def _holds(fields: Mapping[str, Any], steps: tuple[Step, ...]) -> bool:
    """Does a fieldsV1 tree contain the path?"""
    for step in steps:
        if isinstance(step, Named):
            needle = f'"{step.key}":"{step.name}"'
            found = next((v for k, v in fields.items() if k.startswith("k:") and needle in k.replace(" ", "")), None)
        else:
            found = fields.get(f"f:{step}")
        if found is None:
            return False
        fields = found
    return True


def _heals(target: Workload, live: Mapping[str, Any], objects: Objects) -> str:
    """An Argo CD application with selfHeal that tracks the object."""
    tracked = next((name for kind, _, name in deployers_of(live) if kind == "Application"), "")
    for thing in objects:
        policy = ((thing.get("spec") or {}).get("syncPolicy") or {}).get("automated") or {}
        if (
            thing.get("kind") == "Application"
            and (thing.get("metadata") or {}).get("name") == tracked
            and policy.get("selfHeal")
        ):
            return f"Argo CD's application {tracked}, which heals itself"
    return ""
