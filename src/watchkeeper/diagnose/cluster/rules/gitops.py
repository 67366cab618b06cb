"""What Argo CD and Flux say of themselves: not in step with the repository, or not able to be."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, conditions, quoted, ref
from watchkeeper.diagnose.objects import moment

_FLUX = ("Kustomization", "HelmRelease", "GitRepository")


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Progressing and paused are no trouble."""
    for application in snapshot.of("Application"):
        yield from _argo(snapshot, application)
    for thing in snapshot.of(*_FLUX):
        who, ready = ref(thing), conditions(thing).get("Ready", {})
        if (
            ready.get("status") == "False"
            and not (thing.get("spec") or {}).get("suspend")
            and snapshot.settled(ready.get("lastTransitionTime"))
        ):
            proofs = (
                Proof(f"{who}: Ready is False, {ready.get('reason', '?')}"),
                Proof(quoted(ready.get("message", "")), trusted=False),
            )
            yield Symptom(
                "configuration",
                who,
                who,
                f"{who} cannot be applied: {ready.get('reason', '?')}",
                "correct the manifest in its repository",
                0.7,
                0,
                proofs,
                moment(str(ready.get("lastTransitionTime", ""))),
            )


def _argo(snapshot: Snapshot, thing: Thing) -> Iterable[Symptom]:
    who, status = ref(thing), thing.get("status") or {}
    space = str(((thing.get("spec") or {}).get("destination") or {}).get("namespace") or "")
    if space and snapshot.exists(Ref("Namespace", "", space)) is False:
        yield Symptom(
            "configuration",
            who,
            who,
            f"{who} goes to namespace {space}, which does not exist",
            "correct its destination, or create the namespace",
            0.85,
            0,
            (Proof("spec.destination"),),
        )
        return
    errors = [c for c in status.get("conditions") or [] if str(c.get("type", "")).endswith("Error")]
    failed = str((status.get("operationState") or {}).get("phase", "")) in ("Failed", "Error")
    if errors or failed:
        proofs = tuple(Proof(quoted(c.get("message", "")), trusted=False) for c in errors[:2]) or (
            Proof("the last sync failed"),
        )
        yield Symptom(
            "configuration",
            who,
            who,
            f"{who} cannot be synced",
            "correct the manifest in its repository",
            0.7,
            0,
            proofs,
        )
    elif (status.get("sync") or {}).get("status") == "OutOfSync":
        yield Symptom(
            "configuration",
            who,
            who,
            f"{who} is not what its repository declares",
            "sync it, or take the change into the repository",
            0.3,
            1,
            (Proof("OutOfSync"),),
            level=Level.AT_RISK,
        )


RULE = Rule("gitops", look)
