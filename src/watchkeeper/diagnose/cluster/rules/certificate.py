"""Certificates that cert-manager could not issue or renew, or that expire soon."""

from collections.abc import Iterable
from datetime import timedelta

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Ref, Snapshot, conditions, quoted, ref
from watchkeeper.diagnose.objects import moment

_SOON = timedelta(days=7)


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Secrets are never read for this: only what the issuer says of them."""
    for certificate in snapshot.of("Certificate"):
        who, ready = ref(certificate), conditions(certificate).get("Ready", {})
        ends = moment(str((certificate.get("status") or {}).get("notAfter") or ""))
        proofs = [
            Proof(
                f"{who}: Ready is {ready.get('status', '?')}, {ready.get('reason', '?')}"
                + (f"; notAfter {ends:%Y-%m-%d %H:%M}" if ends else "")
            )
        ]
        proofs += [Proof(quoted(ready["message"]), trusted=False)] if ready.get("message") else []
        issuer = (certificate.get("spec") or {}).get("issuerRef") or {}
        cause = Ref(
            str(issuer.get("kind") or "Issuer"),
            who.namespace if issuer.get("kind", "Issuer") == "Issuer" else "",
            str(issuer.get("name", "")),
        )
        at_fault = (
            cause
            if snapshot.exists(cause) is False
            or conditions(snapshot.get(cause) or {}).get("Ready", {}).get("status") == "False"
            else who
        )
        since = moment(str(ready.get("lastTransitionTime", "")))
        if ends is not None and ends <= snapshot.now:
            yield Symptom(
                "certificate",
                who,
                at_fault,
                f"{who} expired at {ends:%Y-%m-%d %H:%M}",
                "renew it; find out why it was not renewed by itself",
                0.95,
                0,
                tuple(proofs),
                ends,
            )
        elif ready.get("status") == "False" and snapshot.settled(ready.get("lastTransitionTime")):
            yield Symptom(
                "certificate",
                who,
                at_fault,
                f"{who} is not ready: {ready.get('reason', '?')}",
                "see to its issuer and challenges",
                0.85,
                0,
                tuple(proofs),
                since,
            )
        elif ends is not None and ends - snapshot.now < _SOON:
            yield Symptom(
                "certificate",
                who,
                at_fault,
                f"{who} expires at {ends:%Y-%m-%d %H:%M}",
                "renew it",
                0.5,
                0,
                tuple(proofs),
                since,
                Level.AT_RISK,
            )


RULE = Rule("certificate", look)
