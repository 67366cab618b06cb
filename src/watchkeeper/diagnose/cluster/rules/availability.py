"""Workloads that lack pods for longer than a rollout takes: stuck rollouts, too few ready, pods that hang in deletion."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, conditions, counted, ref
from watchkeeper.diagnose.objects import moment


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Consequences, nearly always: depth 2 and more. A rollout that moves on is no trouble."""
    for deployment in snapshot.of("Deployment"):
        yield from _deployment(snapshot, deployment)
    for workload in snapshot.of("StatefulSet", "DaemonSet"):
        yield from _counted(snapshot, workload)
    for service in snapshot.of("StatefulSet"):
        yield from _governing(snapshot, service)


def _deployment(snapshot: Snapshot, thing: Thing) -> Iterable[Symptom]:
    who, known = ref(thing), conditions(thing)
    progress, available = known.get("Progressing", {}), known.get("Available", {})
    wanted, ready = _wanted(thing), counted(thing, "readyReplicas")
    paused = (thing.get("spec") or {}).get("paused")
    if progress.get("reason") == "ProgressDeadlineExceeded" and progress.get("status") == "False":
        since = moment(str(progress.get("lastTransitionTime", "")))
        proofs = (Proof(f"{who}: ProgressDeadlineExceeded, {ready} of {wanted} ready"),)
        yield Symptom(
            "release",
            who,
            who,
            f"the rollout of {who} is stuck",
            "find why its new pods do not get ready; undo the rollout",
            0.7,
            2,
            proofs,
            since,
        )
    elif (
        wanted > ready and available.get("status") == "False" and snapshot.settled(available.get("lastTransitionTime"))
    ):
        since = moment(str(available.get("lastTransitionTime", "")))
        proofs = (Proof(f"{who}: {ready} of {wanted} ready, Available is False"),)
        yield Symptom(
            "crash",
            who,
            who,
            f"{who} lacks pods: {ready} of {wanted} ready",
            "find why its pods do not get ready",
            0.5,
            3,
            proofs,
            since,
        )
    elif paused and counted(thing, "updatedReplicas") < wanted:
        proofs = (Proof(f"{who}: spec.paused"),)
        yield Symptom(
            "release",
            who,
            who,
            f"the rollout of {who} was paused half-way",
            "resume or undo it",
            0.3,
            1,
            proofs,
            level=Level.AT_RISK,
        )


def _counted(snapshot: Snapshot, thing: Thing) -> Iterable[Symptom]:
    who = ref(thing)
    daemon = who.kind == "DaemonSet"
    wanted = counted(thing, "desiredNumberScheduled") if daemon else _wanted(thing)
    ready = counted(thing, "numberReady" if daemon else "readyReplicas")
    moving = counted(thing, "observedGeneration") < int(thing["metadata"].get("generation") or 0)
    if ready >= wanted or moving or not snapshot.settled(thing["metadata"].get("creationTimestamp")):
        return
    pods = snapshot.pods_of(thing)
    if pods and not any(snapshot.settled(p["metadata"].get("creationTimestamp")) and not _ok(p) for p in pods):
        return
    proofs = (Proof(f"{who}: {ready} of {wanted} ready"),)
    yield Symptom(
        "crash",
        who,
        who,
        f"{who} lacks pods: {ready} of {wanted} ready",
        "find why its pods do not get ready",
        0.5,
        3,
        proofs,
    )


def _ok(pod: Thing) -> bool:
    return conditions(pod).get("Ready", {}).get("status") == "True"


def _governing(snapshot: Snapshot, thing: Thing) -> Iterable[Symptom]:
    name = str((thing.get("spec") or {}).get("serviceName") or "")
    service = Ref("Service", ref(thing).namespace, name)
    if name and snapshot.exists(service) is False:
        words = f"{ref(thing)} names {service} as its own, which does not exist"
        proofs = (Proof(f"spec.serviceName is {name}"),)
        yield Symptom(
            "configuration",
            ref(thing),
            service,
            words,
            "create the headless Service: its pods have no names in DNS without it",
            0.5,
            0,
            proofs,
            level=Level.AT_RISK,
        )


def _wanted(thing: Thing) -> int:
    said = (thing.get("spec") or {}).get("replicas")
    return 1 if said is None else int(said)


RULE = Rule("availability", look)
