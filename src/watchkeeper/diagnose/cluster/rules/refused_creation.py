"""Pods that may not be made: over quota, against a limit range, refused by admission, without a service account."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.quantities import quantity
from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, conditions, counted, message_of, quoted, ref
from watchkeeper.diagnose.objects import moment

_NEARLY = 0.9


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """An over-quota Deployment has no pods at all, only a condition, and events on its ReplicaSet."""
    for thing in snapshot.of("ReplicaSet", "StatefulSet", "DaemonSet", "Job"):
        failure = conditions(thing).get("ReplicaFailure", {})
        events = [
            e
            for e in snapshot.events(ref(thing), "FailedCreate")
            if snapshot.recent(e.get("lastTimestamp") or e.get("eventTime"))
        ]
        lacking = counted(thing, "replicas") < int((thing.get("spec") or {}).get("replicas") or 0)
        if failure.get("status") == "True" or (events and lacking):
            yield _refused(snapshot, thing, failure, events)
    for quota in snapshot.of("ResourceQuota"):
        yield from _nearly_full(snapshot, quota)


def _refused(snapshot: Snapshot, thing: Thing, failure: Thing, events: list[Thing]) -> Symptom:
    owner = snapshot.workload_of(thing)
    said = str(failure.get("message") or "") or (message_of(events[-1]) if events else "")
    cause, words, fix, kind = _why(snapshot, ref(thing), owner, said.lower())
    since = moment(str(failure.get("lastTransitionTime", "")))
    proofs = (Proof(f"{ref(thing)}: {failure.get('reason') or 'FailedCreate'}"), Proof(quoted(said), trusted=False))
    return Symptom(kind, ref(thing), cause, words, fix, 0.93, 0 if kind != "dependency" else 1, proofs, since)


def _why(snapshot: Snapshot, who: Ref, owner: Ref, said: str) -> tuple[Ref, str, str, str]:
    """cause, words, fix, kind; the message chooses among causes that are there."""
    space = who.namespace
    if "exceeded quota" in said or "failed quota" in said:
        quotas = [ref(q) for q in snapshot.of("ResourceQuota") if ref(q).namespace == space]
        cause = next(
            (q for q in quotas if f"quota: {q.name}" in said), quotas[0] if quotas else Ref("ResourceQuota", space, "?")
        )
        if "must specify" in said:
            return (
                cause,
                f"{cause} asks for requests and limits that {owner} does not set",
                "set requests and limits, or a LimitRange with defaults",
                "scheduling",
            )
        return (
            cause,
            f"{cause} leaves no room for a pod of {owner}",
            "raise the quota, lower requests or replicas",
            "scheduling",
        )
    if "failed calling webhook" in said:
        hook = next(
            (
                ref(h)
                for h in snapshot.of("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
                if any(str(w.get("name", "\0")) in said for w in h.get("webhooks") or [])
            ),
            owner,
        )
        return (
            hook,
            f"an admission webhook does not answer, so no pod of {owner} can be made",
            "heal the webhook's service; review its failurePolicy",
            "dependency",
        )
    if "limitrange" in said or "per container" in said or "per pod" in said:
        ranges = [ref(r) for r in snapshot.of("LimitRange") if ref(r).namespace == space]
        cause = ranges[0] if ranges else Ref("LimitRange", space, "?")
        return cause, f"{cause} forbids what {owner} asks for", "bring requests and limits into its range", "scheduling"
    if "violates podsecurity" in said:
        return (
            owner,
            f"the Pod Security level of namespace {space} forbids pods of {owner}",
            "set the security context it asks for",
            "configuration",
        )
    if "serviceaccount" in said and "not found" in said:
        return (
            owner,
            f"the service account of {owner} does not exist",
            "create it, or correct its name",
            "configuration",
        )
    return owner, f"no pod of {owner} can be made", "read the message of the controller", "configuration"


def _nearly_full(snapshot: Snapshot, quota: Thing) -> Iterable[Symptom]:
    status = quota.get("status") or {}
    for key, hard in sorted((status.get("hard") or {}).items()):
        most, used = quantity(hard), quantity((status.get("used") or {}).get(key))
        if most and used is not None and used >= _NEARLY * most:
            words = f"{ref(quota)} is nearly used up: {(status.get('used') or {}).get(key)} of {hard} {key}"
            yield Symptom(
                "scheduling",
                ref(quota),
                ref(quota),
                words,
                "raise it before the next rollout needs room",
                0.3,
                1,
                (Proof(f"{key}: used {used:g} of {most:g}"),),
                level=Level.AT_RISK,
            )
            return


RULE = Rule("refused_creation", look)
