"""Claims for volumes that nobody fills, volumes in a bad state, and volumes that cannot be attached or are full."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, message_of, quoted, ref
from watchkeeper.diagnose.objects import container_states, moment

_FULL = ("no space left on device", "disk quota exceeded")


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """A claim that waits for its first consumer is as it should be."""
    for claim in snapshot.of("PersistentVolumeClaim"):
        yield from _claim(snapshot, claim)
    for volume in snapshot.of("PersistentVolume"):
        phase = str((volume.get("status") or {}).get("phase", ""))
        if phase == "Failed":
            words = f"{ref(volume)} failed: it could not be given back"
            yield Symptom(
                "storage",
                ref(volume),
                ref(volume),
                words,
                "look at its reclaim policy and clean it up by hand",
                0.4,
                0,
                (Proof(f"phase {phase}"),),
                level=Level.AT_RISK,
            )
    for pod in snapshot.pods:
        yield from _mount(snapshot, pod)
        yield from _full(snapshot, pod)


def _claim(snapshot: Snapshot, claim: Thing) -> Iterable[Symptom]:
    who, phase = ref(claim), str((claim.get("status") or {}).get("phase", ""))
    since = moment(str(claim["metadata"].get("creationTimestamp", "")))
    if phase == "Lost":
        yield Symptom(
            "storage",
            who,
            who,
            f"the volume behind {who} is lost",
            "restore it from a backup; never delete the claim before",
            0.9,
            0,
            (Proof("phase Lost"),),
            since,
        )
    if phase != "Pending" or not snapshot.settled(claim["metadata"].get("creationTimestamp")):
        return
    spec = claim.get("spec") or {}
    name = spec.get("storageClassName")
    class_ = Ref("StorageClass", "", str(name or ""))
    events = snapshot.events(who, "ProvisioningFailed", "FailedBinding")
    proofs = [Proof(f"{who} is Pending"), *(Proof(quoted(message_of(e)), trusted=False) for e in events[-1:])]
    if name and snapshot.exists(class_) is False:
        known = ", ".join(sorted(ref(c).name for c in snapshot.of("StorageClass"))) or "none"
        words = f"{who} asks for {class_}, which does not exist"
        yield Symptom(
            "storage", who, class_, words, f"use a class that exists ({known})", 0.93, 0, tuple(proofs), since
        )
    elif name is None and snapshot.reads("StorageClass") and not any(_default(c) for c in snapshot.of("StorageClass")):
        words = f"{who} names no storage class and the cluster has no default one"
        yield Symptom(
            "storage", who, who, words, "name a class, or make one the default", 0.85, 0, tuple(proofs), since
        )
    elif _waits_for_first(snapshot, class_) and not _used(snapshot, who):
        return
    elif events:
        yield Symptom(
            "storage",
            who,
            who,
            f"no volume is made for {who}",
            "read the provisioner's message: class, size, zone, quota of the cloud",
            0.85,
            0,
            tuple(proofs),
            since,
        )


def _default(class_: Thing) -> bool:
    notes = class_["metadata"].get("annotations") or {}
    return notes.get("storageclass.kubernetes.io/is-default-class") == "true"


def _waits_for_first(snapshot: Snapshot, class_: Ref) -> bool:
    thing = snapshot.get(class_)
    return thing is None or thing.get("volumeBindingMode") == "WaitForFirstConsumer"


def _used(snapshot: Snapshot, claim: Ref) -> bool:
    return any(
        (v.get("persistentVolumeClaim") or {}).get("claimName") == claim.name
        for p in snapshot.pods if ref(p).namespace == claim.namespace for v in snapshot.template(p).get("volumes") or []
    )  # fmt: skip


def _mount(snapshot: Snapshot, pod: Thing) -> Iterable[Symptom]:
    waiting = [
        s
        for s in container_states(pod)
        if ((s.get("state") or {}).get("waiting") or {}).get("reason") in ("ContainerCreating", "PodInitializing")
    ]
    events = snapshot.events(ref(pod), "FailedMount", "FailedAttachVolume", "FailedMapVolume")
    if not waiting or not events or not snapshot.settled(pod["metadata"].get("creationTimestamp")):
        return
    said = message_of(events[-1])
    owner = snapshot.workload_of(pod)
    multi = "multi-attach" in said.lower()
    fix = (
        "its volume is attached to another node: wait for it, or detach it after you made sure that node is gone"
        if multi
        else "check that the volume, ConfigMap or Secret it mounts exists and its driver runs"
    )
    proofs = (
        Proof(f"{ref(pod)}: its containers wait while {events[-1].get('reason')} is reported"),
        Proof(quoted(said), trusted=False),
    )
    yield Symptom(
        "storage",
        ref(pod),
        owner,
        f"a volume of {owner} cannot be mounted",
        fix,
        0.82,
        1,
        proofs,
        moment(str(pod["metadata"].get("creationTimestamp", ""))),
    )


def _full(snapshot: Snapshot, pod: Thing) -> Iterable[Symptom]:
    """Only a hint, for the workload wrote it itself; metrics of the kubelet say it better."""
    for status in container_states(pod):
        ended = (status.get("lastState") or {}).get("terminated") or (status.get("state") or {}).get("terminated") or {}
        said = str(ended.get("message") or "")
        if ended.get("exitCode") and snapshot.recent(ended.get("finishedAt")) and any(m in said.lower() for m in _FULL):
            owner = snapshot.workload_of(pod)
            proofs = (Proof(quoted(said), trusted=False), Proof(f"{ref(pod)} ended with exit code {ended['exitCode']}"))
            yield Symptom(
                "storage",
                ref(pod),
                owner,
                f"{owner} says that its disk is full",
                "clean up, or expand the claim",
                0.8,
                0,
                proofs,
                moment(str(ended.get("finishedAt", ""))),
            )


RULE = Rule("claim", look)
