"""Jobs run their pod until it succeeds or was tried often enough."""

import copy

from watchkeeper.simulate.cluster.objects import Object, Objects, iso
from watchkeeper.simulate.cluster.pods import PodController


def reconcile(objects: Objects, pods: PodController, now: float) -> None:
    """One round over all Jobs."""
    for job in objects.find("Job"):
        if any(c["type"] in ("Complete", "Failed") for c in job.get("status", {}).get("conditions", [])):
            continue
        if not job["spec"].get("suspend"):
            _run(objects, pods, job, now)


def _run(objects: Objects, pods: PodController, job: Object, now: float) -> None:
    uid = job["metadata"]["uid"]
    owned = [
        p
        for p in objects.find("Pod", job["metadata"]["namespace"])
        if any(o["uid"] == uid for o in p["metadata"].get("ownerReferences", []))
    ]
    phases = [p["status"].get("phase") for p in owned]
    failed, succeeded = phases.count("Failed"), phases.count("Succeeded")
    status: Object = {"startTime": job.get("status", {}).get("startTime", iso(now)), "ready": 0}
    for key, value in (("failed", failed), ("succeeded", succeeded), ("active", len(phases) - failed - succeeded)):
        if value:
            status[key] = value
    if succeeded:
        status["conditions"] = [
            _condition("Complete", "CompletionsReached", "Reached expected number of succeeded pods", now)
        ]
    elif failed > int(job["spec"].get("backoffLimit", 6)):
        words = "Job has reached the specified backoff limit"
        status["conditions"] = [
            _condition(kind, "BackoffLimitExceeded", words, now) for kind in ("FailureTarget", "Failed")
        ]
        pods.event(job, "Warning", "BackoffLimitExceeded", words, "job-controller", now)
    elif failed + succeeded == len(phases):
        pods.create(job, now)
    if job.get("status") != status:
        after = copy.deepcopy(job)
        after["status"] = status
        objects.put(after, now)


def _condition(kind: str, reason: str, message: str, now: float) -> Object:
    return {
        "type": kind,
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": iso(now),
        "lastProbeTime": iso(now),
    }
