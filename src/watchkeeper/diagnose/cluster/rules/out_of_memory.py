"""Containers killed for memory, also those that run again by now."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Snapshot, Thing, containers, ref
from watchkeeper.diagnose.objects import container_states, moment


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """OOMKilled within the last hour, by the kubelet's status."""
    for pod in snapshot.pods:
        for status in container_states(pod):
            ended = _killed(status)
            if ended is None or not snapshot.recent(ended.get("finishedAt")):
                continue
            owner, restarts = snapshot.workload_of(pod), int(status.get("restartCount") or 0)
            limit = _limit(snapshot, pod, str(status.get("name", "")))
            again = "has no memory limit: the node ran out" if not limit else f"reached its memory limit of {limit}"
            words = f"container {status.get('name', '?')} of {owner} {again} and was OOMKilled"
            proofs = (Proof(f"{ref(pod)}: OOMKilled at {ended.get('finishedAt', '?')}, {restarts} restarts"),)
            yield Symptom(
                "memory", ref(pod), owner, words, "find what grows; meanwhile raise the limit to 1.3 times the peak. A restart alone cures nothing",
                0.96, 0, proofs, moment(str(ended.get("finishedAt", ""))), Level.BROKEN if not status.get("ready") or restarts > 1 else Level.AT_RISK,
            )  # fmt: skip


def _killed(status: Thing) -> Thing | None:
    for state in (status.get("state") or {}, status.get("lastState") or {}):
        ended = state.get("terminated") or {}
        if ended.get("reason") == "OOMKilled":
            return ended
    return None


def _limit(snapshot: Snapshot, pod: Thing, name: str) -> str:
    found = (c for c in containers(snapshot.template(pod)) if c.get("name") == name)
    return next((str(((c.get("resources") or {}).get("limits") or {}).get("memory") or "") for c in found), "")


RULE = Rule("out_of_memory", look)
