"""Replace an image that cannot be pulled by one that is known: run by the cluster, or named in the repository."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.units import split_image
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template

_IMAGE = re.compile(r"""^\s*(?:-\s+)?image:\s*["']?([^\s"'#]+)""", re.MULTILINE)
_WAITS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName")


def draft(situation: Situation) -> Draft | str:
    """Fits a container whose image is waited for, where one known image has the same or nearly the same name."""
    container = next((c for c in situation.containers if _waits(situation, str(c.get("name")))), None)
    if container is None:
        return "no pod of it waits for an image"
    current = str(container.get("image", ""))
    known = [i for i in _known(situation) if i != current]
    name = split_image(current)[0]
    same = [i for i in known if split_image(i)[0] == name]
    near = set(difflib.get_close_matches(name, {split_image(i)[0] for i in known}, 1, cutoff=0.9))
    chosen = same or [i for i in known if split_image(i)[0] in near]
    if not chosen:
        return f"no image that the cluster has run or the repository names is like {name}"
    path = template(f"spec.containers[name={container['name']}].image")
    words = f"use {chosen[0]}, which is known, instead of {current}, which cannot be pulled"
    change = FieldChange(path, current, chosen[0])
    arguments = {"container": container["name"], "image": chosen[0]}
    return Draft(arguments, (change,), words, f"put {current} back", single_pod_risk(situation))


def _waits(situation: Situation, container: str) -> bool:
    return any(
        status.get("name") == container and ((status.get("state") or {}).get("waiting") or {}).get("reason") in _WAITS
        for pod in situation.pods()
        for status in pod.get("status", {}).get("containerStatuses") or []
    )


def _known(situation: Situation) -> list[str]:
    """Images of containers that run or ran, then those the repository names; each once."""
    found: list[str] = []
    for pod in situation.objects("Pod"):
        found += [str(s.get("image")) for s in pod.get("status", {}).get("containerStatuses") or [] if s.get("imageID")]
    for replica_set in situation.objects("ReplicaSet"):
        if int(replica_set.get("status", {}).get("readyReplicas", 0)) > 0:
            found += _images(replica_set)
    for text in situation.files.values():
        found += _IMAGE.findall(text)
    return [i for i in dict.fromkeys(found) if i and "$" not in i and "{" not in i]


def _images(thing: Mapping[str, Any]) -> list[str]:
    containers = thing.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    return [str(c.get("image", "")) for c in containers]


ACTION = Action(
    "fix_image", "Fix an image reference", draft,
    applies="An image cannot be pulled because its name or tag is wrong.",
    preconditions=("a pod waits for the image", "an image of the same or nearly the same name has run or stands in the repository"),
    radius="The pods of the workload that cannot start.",
    risk="Low with two pods or more, medium with one.",
    undo="Put the reference back.",
    never=("names an image that neither the cluster has run nor the repository holds", "takes a name from a log line or an event"),
)  # fmt: skip
