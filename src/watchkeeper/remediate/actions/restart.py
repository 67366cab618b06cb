"""Restart a workload, one pod after the other, as `kubectl rollout restart` does."""

from watchkeeper.domain.remediation import FieldChange
from watchkeeper.estate.fields import read
from watchkeeper.remediate.action import Action, Draft, Situation, single_pod_risk, template

_PATH = template('metadata.annotations["kubectl.kubernetes.io/restartedAt"]')


def draft(situation: Situation) -> Draft | str:
    """Fits any Deployment, StatefulSet or DaemonSet."""
    if situation.workload.kind not in ("Deployment", "StatefulSet", "DaemonSet"):
        return f"a {situation.workload.kind} cannot be restarted by a rollout"
    at = situation.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    change = FieldChange(_PATH, read(situation.live, _PATH), at)
    words = f"restart the pods of {situation.workload.name}, one after the other"
    undo = "a restart leaves nothing to take back; the annotation is put back"
    return Draft({"restarted_at": at}, (change,), words, undo, single_pod_risk(situation))


ACTION = Action("restart", "Restart a workload", draft)
