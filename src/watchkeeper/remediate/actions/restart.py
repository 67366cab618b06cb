"""Restart a workload, one pod after the other, as `kubectl rollout restart` does."""

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.fields import read
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template
from watchkeeper.remediate.leak import leak_words

_PATH = template('metadata.annotations["kubectl.kubernetes.io/restartedAt"]')

_ANSWERS = ("errors", "crash")
"""Kinds that a fresh process does not cure by itself: what fails may lie behind it, and the kubelet starts what ended."""


def draft(situation: Situation) -> Draft | str:
    """Fits any Deployment, StatefulSet or DaemonSet."""
    if situation.workload.kind not in ("Deployment", "StatefulSet", "DaemonSet"):
        return f"a {situation.workload.kind} cannot be restarted by a rollout"
    if situation.cause.kind == "memory":
        leak = leak_words(situation.evidence, situation.workload.name, situation.background.tried)
        if leak:
            return leak
    if situation.cause.kind in _ANSWERS and not _helped(situation):
        return "nothing says that a fresh process answers better: no restart of it is known to have helped"
    at = situation.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    change = FieldChange(_PATH, read(situation.live, _PATH), at)
    words = f"restart the pods of {situation.workload.name}, one after the other"
    undo = "a restart leaves nothing to take back; the annotation is put back"
    return Draft({"restarted_at": at}, (change,), words, undo, single_pod_risk(situation))


def _helped(situation: Situation) -> bool:
    return any(t.action == "restart" and t.helped for t in situation.background.tried)


ACTION = Action(
    "restart", "Restart a workload", draft,
    applies="A process is up but stuck, or its state went wrong, and a fresh process is known to help.",
    preconditions=(
        "it is a Deployment, StatefulSet or DaemonSet",
        "errors and crashes: a restart of the same target helped before",
    ),
    radius="All its pods, one after the other; callers keep at least the pods that are not being replaced.",
    risk="Low with two pods or more, medium with one.",
    undo="A restart leaves nothing to take back; the annotation is put back.",
    never=("deletes a pod by hand", "restarts a second time for memory that grows again after each restart"),
    automatic=True,
)  # fmt: skip
