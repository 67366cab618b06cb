"""Containers that end again and again for a reason other than memory: their code, a command that cannot run, a probe."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Snapshot, Thing, message_of, quoted, ref
from watchkeeper.diagnose.objects import container_states, moment

_CANNOT = ("StartError", "ContainerCannotRun", "RunContainerError", "CreateContainerError")
_CODES = {126: "the command may not be executed", 127: "the command was not found", 128: "the command cannot be run"}
_SEVERAL = 2


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """By the kubelet's own words on each container: waiting reason, last exit, restarts. Old restarts do not count."""
    for pod in snapshot.pods:
        owner = snapshot.workload_of(pod)
        if owner.kind == "Job":
            continue
        for status in container_states(pod):
            if (told := _of(snapshot, pod, status)) is not None:
                yield told


def _of(snapshot: Snapshot, pod: Thing, status: Thing) -> Symptom | None:
    state = status.get("state") or {}
    reason = str((state.get("waiting") or {}).get("reason", ""))
    ended = (status.get("lastState") or {}).get("terminated") or state.get("terminated") or {}
    restarts = int(status.get("restartCount") or 0)
    again = reason == "CrashLoopBackOff" or reason in _CANNOT
    again = again or (restarts >= _SEVERAL and not status.get("ready") and snapshot.recent(ended.get("finishedAt")))
    if not again or ended.get("reason") == "OOMKilled":
        return None
    kind, depth, weight, why, fix = _meaning(snapshot, pod, reason, ended, restarts)
    who, name = ref(pod), status.get("name", "?")
    words = f"container {name} of {snapshot.workload_of(pod)} {why}"
    proofs = [
        Proof(f"{who}: {reason or 'terminated'}, {restarts} restarts, last exit code {ended.get('exitCode', '?')}")
    ]
    for said in (ended.get("message"), (state.get("waiting") or {}).get("message") if reason in _CANNOT else ""):
        if said:
            proofs.append(Proof(quoted(said), trusted=False))
    at = moment(str(ended.get("finishedAt", "")))
    return Symptom(kind, who, snapshot.workload_of(pod), words, fix, weight, depth, tuple(proofs), at)


def _meaning(
    snapshot: Snapshot, pod: Thing, reason: str, ended: Thing, restarts: int
) -> tuple[str, int, float, str, str]:
    """kind, depth, weight, words, fix"""
    code = int(ended.get("exitCode") or 0)
    if reason in _CANNOT or ended.get("reason") in _CANNOT or code in _CODES:
        why = _CODES.get(code, "the container cannot be started")
        return (
            "configuration",
            0,
            0.93,
            f"cannot run: {why}",
            "correct command, args or entry point of the image; undo the change that brought it",
        )
    killed = [e for e in snapshot.events(ref(pod), "Killing", "Unhealthy") if "liveness" in message_of(e).lower()]
    if code in (137, 143) and killed:
        return (
            "configuration",
            1,
            0.86,
            "is killed by its liveness probe again and again",
            "correct the probe's path, port or delay, or add a startupProbe; find out why the process does not answer",
        )
    if code == 0 and ended.get("reason") == "Completed":
        return (
            "configuration",
            0,
            0.85,
            "ends by itself with success, though it should go on running",
            "run a command that stays in the foreground, or make it a Job",
        )
    after = f"after {restarts} restarts, exit code {code}"
    return (
        "crash",
        1,
        0.92,
        f"ends again and again ({after})",
        "read its previous log; undo the newest revision if it began with it; heal what it needs first",
    )


RULE = Rule("crash_loop", look)
