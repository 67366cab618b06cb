"""Run a failed job again: from the CronJob that made it, or from the file that declares it. Always by a person."""

from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.domain.remediation import Risk
from watchkeeper.domain.topology import Workload
from watchkeeper.estate.manifests import locate
from watchkeeper.remediate.action import Action, Draft, Situation

Thing = Mapping[str, Any]


def draft(situation: Situation) -> Draft | str:
    """Fits a failed Job: the newest of a CronJob, or one that exactly one file declares."""
    name = situation.workload.name
    jobs = sorted(situation.objects("Job"), key=lambda j: str(j["metadata"].get("creationTimestamp", "")))
    made = [j for j in jobs if _made_by(j, name)]
    if made:
        return _from_cron(situation, made[-1])
    alone = next((j for j in jobs if j["metadata"].get("name") == name), None)
    if alone is None:
        return f"no Job was made by a CronJob {name}, and none is called so"
    return _from_file(situation, alone)


def _from_cron(situation: Situation, last: Thing) -> Draft | str:
    name, space = situation.workload.name, situation.workload.namespace
    if not _failed(last):
        return f"the newest Job of {name} has not failed"
    fresh = f"{name}-again-{situation.now:%H%M%S}"[:63]
    commands = (
        ("kubectl", "-n", space, "create", "job", fresh, f"--from=cronjob/{name}"),
        ("kubectl", "-n", space, "wait", "--for=condition=complete", "--timeout=15m", f"job/{fresh}"),
    )
    return _drafted(fresh, f"run the job {name} once more as {fresh}", situation.beside("CronJob", name), commands)


def _from_file(situation: Situation, job: Thing) -> Draft | str:
    name, space = situation.workload.name, situation.workload.namespace
    if not _failed(job):
        return f"the Job {name} has not failed"
    place = locate(situation.files, "Job", space, name)
    if isinstance(place, str):
        return place
    commands = (
        ("kubectl", "-n", space, "logs", f"job/{name}", "--tail=50"),
        # Its pods stay: they hold the evidence.
        ("kubectl", "-n", space, "delete", "job", name, "--cascade=orphan"),
        ("kubectl", "-n", space, "apply", "-f", place.path),
        ("kubectl", "-n", space, "wait", "--for=condition=complete", "--timeout=15m", f"job/{name}"),
    )
    words = f"once what made it fail is mended, run the job {name} again as {place.path} declares it"
    return _drafted(name, words, situation.beside("Job", name), commands)


def _drafted(job: str, words: str, target: Workload, commands: Iterable[tuple[str, ...]]) -> Draft:
    undo = "a job that ran has run"
    return Draft({"job": job}, (), words, undo, Risk.MEDIUM, target, {}, by_hand=tuple(commands), reversible=False)


def _made_by(job: Thing, name: str) -> bool:
    owners = job["metadata"].get("ownerReferences") or []
    return any(o.get("kind") == "CronJob" and o.get("name") == name for o in owners)


def _failed(job: Thing) -> bool:
    conditions = job.get("status", {}).get("conditions") or []
    return any(c.get("type") == "Failed" and c.get("status") == "True" for c in conditions)


ACTION = Action(
    "recreate_job", "Run a failed job again", draft,
    applies="A job failed, and what made it fail is mended.",
    preconditions=("a CronJob made it, or exactly one file declares it", "its newest Job has failed"),
    radius="Whatever the job does: it is done once more.",
    risk="Medium: not every job may run twice, so a person runs the script.",
    undo="None: a job that ran has run.",
    never=("deletes the failed job's pods, which hold the evidence", "changes what the job does", "runs without a person"),
    kinds=("CronJob", "Job"),
)  # fmt: skip
