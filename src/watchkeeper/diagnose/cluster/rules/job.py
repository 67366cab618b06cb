"""Jobs that gave up and CronJobs that do not run."""

import re
from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, conditions, message_of, quoted, ref
from watchkeeper.diagnose.objects import container_states, moment

_FIELD = re.compile(r"(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(/[0-9]+)?(,(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(/[0-9]+)?)*|\?")
_FIX = "read the log of its last pod, mend the cause, then create the Job anew"


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """A failed run that a later run of the same CronJob made good is history."""
    for job in snapshot.of("Job"):
        yield from _job(snapshot, job)
    for cron in snapshot.of("CronJob"):
        yield from _cron(snapshot, cron)


def _job(snapshot: Snapshot, job: Thing) -> Iterable[Symptom]:
    who, failed = ref(job), conditions(job).get("Failed", {})
    owner = snapshot.workload_of(job)
    if failed.get("status") != "True" or _made_good(snapshot, job, owner):
        return
    since = moment(str(failed.get("lastTransitionTime", "")))
    late = failed.get("reason") == "DeadlineExceeded"
    why = "it took longer than its deadline" if late else f"{failed.get('reason', 'it failed')}"
    words = f"{who} failed: {why}"
    proofs = [Proof(f"{who}: Failed, {failed.get('reason', '?')}")]
    for pod in [
        p
        for p in snapshot.of("Pod")
        if any(o.get("uid") == job["metadata"].get("uid") for o in p["metadata"].get("ownerReferences") or [])
    ][:3]:
        for status in container_states(pod):
            ended = (status.get("state") or {}).get("terminated") or {}
            if ended.get("exitCode"):
                proofs.append(
                    Proof(f"{ref(pod)} ended with exit code {ended['exitCode']} ({ended.get('reason', '?')})")
                )
            if ended.get("message"):
                proofs.append(Proof(quoted(ended["message"]), trusted=False))
    yield Symptom("crash", who, owner, words, _FIX, 0.88, 1, tuple(proofs), since)


def _made_good(snapshot: Snapshot, job: Thing, owner: Ref) -> bool:
    if owner.kind != "CronJob":
        return False
    made = str(job["metadata"].get("creationTimestamp", ""))
    later = [
        j
        for j in snapshot.of("Job")
        if snapshot.workload_of(j) == owner and str(j["metadata"].get("creationTimestamp", "")) > made
    ]
    return any(conditions(j).get("Complete", {}).get("status") == "True" for j in later)


def _cron(snapshot: Snapshot, cron: Thing) -> Iterable[Symptom]:
    who, spec = ref(cron), cron.get("spec") or {}
    schedule = str(spec.get("schedule") or "")
    deadline = spec.get("startingDeadlineSeconds")
    if not _understood(schedule):
        words = f"{who} has a schedule that nobody understands: {quoted(schedule, 40)}"
        yield Symptom(
            "configuration",
            who,
            who,
            words,
            "write it as five fields: minute hour day month weekday",
            0.9,
            0,
            (Proof("spec.schedule"),),
        )
    elif isinstance(deadline, int) and deadline < 0:
        words = f"{who} has a negative starting deadline"
        yield Symptom(
            "configuration",
            who,
            who,
            words,
            "set startingDeadlineSeconds above 10, or remove it",
            0.9,
            0,
            (Proof(f"startingDeadlineSeconds {deadline}"),),
        )
    elif spec.get("suspend"):
        yield Symptom(
            "configuration",
            who,
            who,
            f"{who} is suspended",
            "resume it, if nobody meant it to rest",
            0.2,
            0,
            (Proof("spec.suspend"),),
            level=Level.ADVICE,
        )
    missed = [
        e
        for e in snapshot.events(who, "MissSchedule", "TooManyMissedTimes", "FailedNeedsStart")
        if snapshot.recent(e.get("lastTimestamp") or e.get("eventTime"))
    ]
    if missed and not spec.get("suspend"):
        proofs = (Proof(f"{who}: {missed[-1].get('reason')}"), Proof(quoted(message_of(missed[-1])), trusted=False))
        yield Symptom(
            "crash",
            who,
            who,
            f"{who} misses its times",
            "check startingDeadlineSeconds, concurrencyPolicy and how long a run takes",
            0.6,
            0,
            proofs,
            level=Level.AT_RISK,
        )


def _understood(schedule: str) -> bool:
    if schedule.startswith("@"):
        return schedule.split()[0] in (
            "@yearly",
            "@annually",
            "@monthly",
            "@weekly",
            "@daily",
            "@midnight",
            "@hourly",
            "@every",
        )
    fields = schedule.removeprefix("CRON_TZ=").split()
    fields = fields[1:] if len(fields) == 6 and schedule.startswith(("CRON_TZ=", "TZ=")) else fields
    return len(fields) == 5 and all(_FIELD.fullmatch(f) for f in fields)


RULE = Rule("job", look)
