"""Workloads to which the API says no: a role lacks a verb."""

import re
from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, message_of, quoted, ref
from watchkeeper.diagnose.objects import container_states

_DENIED = re.compile(
    r'User "system:serviceaccount:(?P<space>[a-z0-9-]{1,63}):(?P<name>[a-z0-9.-]{1,253})" cannot (?P<verb>[a-z]{1,20}) resource "(?P<what>[a-z.]{1,80})"'
)


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Found in the last words of containers and in events: a hint, for both can be written by others."""
    for pod in snapshot.pods:
        said = [
            str((s.get(k) or {}).get("terminated", {}).get("message") or "")
            for s in container_states(pod)
            for k in ("lastState", "state")
        ]
        said += [message_of(e) for e in snapshot.events(ref(pod))[-5:]]
        found = next((m for text in said if (m := _DENIED.search(text))), None)
        account = str(snapshot.template(pod).get("serviceAccountName") or "default")
        if found is not None and (found["space"], found["name"]) == (ref(pod).namespace, account):
            yield _symptom(snapshot, pod, found)


def _symptom(snapshot: Snapshot, pod: Thing, found: re.Match[str]) -> Symptom:
    account = Ref("ServiceAccount", found["space"], found["name"])
    words = f"{snapshot.workload_of(pod)} may not {found['verb']} {found['what']}: its account lacks the right"
    proofs = (Proof(quoted(found.group(0)), trusted=False), Proof(f"{ref(pod)} runs as {account}"))
    return Symptom(
        "configuration",
        ref(pod),
        account,
        words,
        f"bind a role with the verb {found['verb']} on {found['what']}, and no more",
        0.7,
        0,
        proofs,
        level=Level.BROKEN,
    )


RULE = Rule("permission", look)
