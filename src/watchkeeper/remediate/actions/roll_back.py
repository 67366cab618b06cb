"""Roll back to the revision before, as `kubectl rollout undo` does: nothing but what the cluster has already run."""

from collections.abc import Sequence
from datetime import timedelta

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template
from watchkeeper.remediate.revisions import Revisions, differences, image_of, number_of

_OLD = timedelta(hours=6)
"""A revision that ran so long before the trouble did not begin it."""


def draft(situation: Situation) -> Draft | str:
    """Fits a Deployment with a new revision that differs from the one before in what may be put back."""
    container = situation.container()
    if situation.workload.kind != "Deployment" or container is None:
        return "only a Deployment with one known container is rolled back"
    revisions = Revisions.of(situation)
    if not revisions.before:
        return "no earlier revision is on record"
    began = revisions.made_at
    if began is not None and began < situation.evidence.window.onset - _OLD:
        return f"the newest revision has run since {began:%Y-%m-%d %H:%M}: it is not what began this"
    if situation.cause.kind == "scheduling" and not revisions.never_stood:
        return "it is not that pods of a new revision alone find no place"
    return _to(situation, revisions, str(container["name"]))


def _to(situation: Situation, revisions: Revisions, container: str) -> Draft | str:
    changes, by_people = differences(situation.live, revisions.before[0])
    earlier = next((i for i in (image_of(r, container) for r in revisions.before) if i), "")
    current = image_of(situation.live, container)
    if by_people:
        # What else the revision changed is not ours to judge; its image alone may be.
        changes = (_image(container, current, earlier),) if earlier and earlier != current else ()
    if not changes:
        also = f" and differs in {', '.join(sorted(set(by_people)))}, which is for people" if by_people else ""
        return f"the revision before ran the same image{also}"
    name, number = situation.workload.name, number_of(revisions.before[0])
    words = f"roll {name} back {_words(changes)}"
    arguments = {"container": container, "revision": number, "fields": len(changes)}
    if any(c.path.endswith(".image") for c in changes):
        arguments["image"] = earlier
    undo = f"roll {name} forward again {_words([FieldChange(c.path, c.after, c.before) for c in changes])}"
    by_hand = (
        "kubectl",
        "-n",
        situation.workload.namespace,
        "rollout",
        "undo",
        f"deployment/{name}",
        f"--to-revision={number}",
    )
    return Draft(
        arguments, changes, words, undo, single_pod_risk(situation), by_hand=(by_hand,) if _takes_away(changes) else ()
    )


def _image(container: str, current: str, earlier: str) -> FieldChange:
    return FieldChange(template(f"spec.containers[name={container}].image"), current, earlier)


def _takes_away(changes: Sequence[FieldChange]) -> bool:
    return any(c.after is None for c in changes)


def _words(changes: Sequence[FieldChange]) -> str:
    image = next((c for c in changes if c.path.endswith(".image")), None)
    others = [c.path.rsplit("].", 1)[-1].removeprefix("spec.template.spec.") for c in changes if c is not image]
    said = [f"from {_tag(image.before)} to {_tag(image.after)}"] if image else []
    said += [f"to the revision before in {', '.join(others)}"] if others else []
    return " and ".join(said)


def _tag(image: object) -> str:
    return str(image).rsplit("/", 1)[-1]


ACTION = Action(
    "roll_back", "Roll back a release", draft,
    applies="Trouble began with a new revision, or pods of a new revision never got ready.",
    preconditions=(
        "a ReplicaSet of an earlier revision is on record", "the newest revision began at most six hours before the trouble",
        "it differs in the image, command, arguments, variables, resources, probes or placement of its pods",
        "pods that find no place: none of the new revision's pods is ready",
    ),
    radius="All pods of the Deployment, one after the other.",
    risk="Low with two pods or more, medium with one.",
    undo="Go forward to the newer revision again.",
    never=(
        "names an image or a value that the cluster has not already run", "touches a database's schema",
        "changes volumes, accounts, security contexts or labels",
    ),
    automatic=True, kinds=("Deployment",),
)  # fmt: skip
