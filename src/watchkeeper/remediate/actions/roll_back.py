"""Roll back a release: the image of the revision before, which the cluster has already run. Never a new artefact."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template

_REVISION = "deployment.kubernetes.io/revision"


def draft(situation: Situation) -> Draft | str:
    """Fits a Deployment whose ReplicaSets remember another image for its container."""
    container = situation.container()
    if situation.workload.kind != "Deployment" or container is None:
        return "only a Deployment with one known container is rolled back"
    current = str(container.get("image", ""))
    earlier = _images_before(situation, str(container["name"]))
    if not earlier:
        return "no earlier revision is on record"
    if earlier[0] == current:
        return "the revision before ran the same image"
    path = template(f"spec.containers[name={container['name']}].image")
    words = f"roll {situation.workload.name} back from {_tag(current)} to {_tag(earlier[0])}"
    arguments = {"container": container["name"], "image": earlier[0]}
    change = FieldChange(path, current, earlier[0])
    return Draft(arguments, (change,), words, f"go forward to {_tag(current)} again", single_pod_risk(situation))


def _images_before(situation: Situation, container: str) -> list[str]:
    """Images of the revisions before the current one, newest first."""
    revisions = sorted(
        ((_revision(o), o) for o in situation.evidence.objects if _owned(o, situation) and _revision(o)),
        key=lambda pair: pair[0],
    )
    now = _revision(situation.live)
    found = [_image(o, container) for number, o in revisions if number < now]
    return [image for image in reversed(found) if image]


def _owned(thing: Mapping[str, Any], situation: Situation) -> bool:
    head = thing.get("metadata", {})
    owners = head.get("ownerReferences", [])
    return (
        thing.get("kind") == "ReplicaSet"
        and head.get("namespace") == situation.workload.namespace
        and any(o.get("kind") == "Deployment" and o.get("name") == situation.workload.name for o in owners)
    )


def _revision(thing: Mapping[str, Any]) -> int:
    said = (thing.get("metadata", {}).get("annotations") or {}).get(_REVISION, "0")
    return int(said) if str(said).isdigit() else 0


def _image(thing: Mapping[str, Any], container: str) -> str:
    containers = thing.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    return next((str(c.get("image", "")) for c in containers if c.get("name") == container), "")


def _tag(image: str) -> str:
    return image.rsplit("/", 1)[-1]


ACTION = Action(
    "roll_back", "Roll back a release", draft,
    applies="Trouble began with a new revision.",
    preconditions=("a ReplicaSet of an earlier revision is on record", "it ran another image"),
    radius="All pods of the Deployment, one after the other.",
    risk="Low with two pods or more, medium with one.",
    undo="Go forward to the newer image again.",
    never=("names an image that the cluster has not already run", "touches a database's schema"),
    automatic=True, kinds=("Deployment",),
)  # fmt: skip
