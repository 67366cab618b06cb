"""Images that cannot be pulled."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Snapshot, message_of, quoted, ref
from watchkeeper.diagnose.objects import container_states, moment

REASONS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
)
_HINTS = (
    (("not found", "manifest unknown", "does not exist"), "the registry does not have it: correct the tag, or undo the change"),
    (("unauthorized", "denied", "authentication required", "forbidden"), "the registry refuses us: add or renew the pull secret"),
    (("toomanyrequests", "rate limit"), "the registry limits us: use a mirror or a pull secret, and wait"),
    (("x509", "certificate"), "the registry's certificate is not trusted: renew it or add its authority to the nodes"),
    (("timeout", "no such host", "connection refused", "i/o"), "the registry cannot be reached from the node: check network and DNS"),
)  # fmt: skip


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """By the waiting reason of each container; the message only steers the advice."""
    for pod in snapshot.pods:
        for status in container_states(pod):
            waiting = (status.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") not in REASONS:
                continue
            owner, image = snapshot.workload_of(pod), str(status.get("image") or "?")
            said = [str(waiting.get("message") or "")]
            said += [message_of(e) for e in snapshot.events(ref(pod), "Failed", "InspectFailed", "ErrImageNeverPull")][
                -3:
            ]
            text = " ".join(said).lower()
            fix = next(
                (f for marks, f in _HINTS if any(m in text for m in marks)),
                "correct the image reference, or undo the change",
            )
            proofs = [Proof(f"{ref(pod)}: container {status.get('name', '?')} waits: {waiting['reason']}")]
            proofs += [Proof(quoted(t), trusted=False) for t in dict.fromkeys(filter(None, said))]
            at = moment(str((pod.get("metadata") or {}).get("creationTimestamp", "")))
            yield Symptom(
                "image",
                ref(pod),
                owner,
                f"{owner} cannot pull the image {quoted(image, 120)}",
                fix,
                0.95,
                0,
                tuple(proofs),
                at,
            )


RULE = Rule("image", look)
