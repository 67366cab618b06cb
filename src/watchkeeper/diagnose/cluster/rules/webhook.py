"""Admission webhooks whose service is not there or not ready: they block what they should check."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, Thing, is_ready, ref


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """With failurePolicy Ignore it is only a check that does not happen."""
    for configuration in snapshot.of("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        who = ref(configuration)
        for hook in configuration.get("webhooks") or []:
            said = (hook.get("clientConfig") or {}).get("service") or {}
            service = Ref("Service", str(said.get("namespace", "")), str(said.get("name", "")))
            blocks = hook.get("failurePolicy", "Fail") == "Fail"
            level, weight = (Level.BROKEN, 0.94) if blocks else (Level.AT_RISK, 0.4)
            thing = snapshot.get(service) if service.name else None
            does = "blocks what it should check" if blocks else "checks nothing"
            proofs = (
                Proof(f"webhook {hook.get('name', '?')} of {who}, failurePolicy {hook.get('failurePolicy', 'Fail')}"),
            )
            if service.name and thing is None and snapshot.exists(service) is False:
                words = f"{who} calls {service}, which does not exist: it {does}"
                yield Symptom(
                    "dependency",
                    who,
                    who,
                    words,
                    "restore the service, or remove the configuration that was left behind",
                    weight,
                    0,
                    proofs,
                    level=level,
                )
            elif thing is not None and _unready(snapshot, service.namespace, thing):
                words = f"{who} calls {service}, behind which nothing is ready: it {does}"
                fix = "heal its pods; review failurePolicy"
                yield Symptom("dependency", who, who, words, fix, weight, 1, proofs, level=level)


def _unready(snapshot: Snapshot, namespace: str, service: Thing) -> bool:
    selector = (service.get("spec") or {}).get("selector")
    return bool(selector) and not any(is_ready(p) for p in snapshot.selected(namespace, selector))


RULE = Rule("webhook", look)
