"""Run a failed job again, from the CronJob that made it."""

from watchkeeper.domain.remediation import Risk
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """Fits a failed Job of a CronJob, where the newer ones have not succeeded since."""
    name = situation.workload.name
    jobs = sorted(situation.objects("Job"), key=lambda j: str(j["metadata"].get("creationTimestamp", "")))
    mine = [
        j
        for j in jobs
        if any(o.get("kind") == "CronJob" and o.get("name") == name for o in j["metadata"].get("ownerReferences") or [])
    ]
    if not mine:
        return f"no Job was made by a CronJob {name}"
    last = mine[-1]
    if not any(
        c.get("type") == "Failed" and c.get("status") == "True" for c in last.get("status", {}).get("conditions") or []
    ):
        return f"the newest Job of {name} has not failed"
    fresh = f"{name}-again-{situation.now:%H%M%S}"[:63]
    space = situation.workload.namespace
    commands = (
        ("kubectl", "-n", space, "create", "job", fresh, f"--from=cronjob/{name}"),
        ("kubectl", "-n", space, "wait", "--for=condition=complete", "--timeout=15m", f"job/{fresh}"),
    )
    words = f"run the job {name} once more as {fresh}"
    target = situation.beside("CronJob", name)
    return Draft(
        {"job": fresh}, (), words, "a job that ran has run", Risk.MEDIUM, target, {}, by_hand=commands, reversible=False
    )


ACTION = Action(
    "recreate_job", "Run a failed job again", draft,
    applies="A job failed, and what made it fail is mended.",
    preconditions=("a CronJob made it", "its newest Job has failed"),
    radius="Whatever the job does: it is done once more.",
    risk="Medium: not every job may run twice, so a person runs the script.",
    undo="None: a job that ran has run.",
    never=("deletes the failed job, which holds the evidence", "changes what the job does"),
    kinds=("CronJob",),
)  # fmt: skip
