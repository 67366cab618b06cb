"""Have cert-manager renew a certificate now, by its own rule: renew earlier."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchkeeper.domain.remediation import FieldChange, Risk
from watchkeeper.remediate.action import Action, Draft, Situation


def draft(situation: Situation) -> Draft | str:
    """Fits the one Certificate of the namespace that has expired or soon will."""
    due = [
        (c, left)
        for c in situation.objects("Certificate")
        if (left := _hours_left(c, situation.now)) is not None and left < 7 * 24
    ]
    if len(due) != 1:
        return (
            "no Certificate of its namespace expires within a week"
            if not due
            else "several certificates expire: a person decides"
        )
    certificate, left = due[0]
    name = str(certificate["metadata"]["name"])
    before = certificate.get("spec", {}).get("renewBefore")
    after = f"{max(int(left), 0) + 24}h"
    change = FieldChange("spec.renewBefore", before, after)
    words = f"have the certificate {name} renewed now: renew it {after} before it ends, which is already"
    target = situation.beside("Certificate", name)
    return Draft(
        {"renew_before": after}, (change,), words, f"put renewBefore back to {before}", Risk.LOW, target, certificate
    )


def _hours_left(certificate: Mapping[str, Any], now: datetime) -> float | None:
    said = str(certificate.get("status", {}).get("notAfter", ""))
    try:
        return (datetime.fromisoformat(said.replace("Z", "+00:00")) - now).total_seconds() / 3600
    except (ValueError, TypeError):
        return None


ACTION = Action(
    "renew_certificate", "Renew a certificate", draft,
    applies="TLS handshakes fail because a certificate has expired or soon will.",
    preconditions=("cert-manager's status says when it ends", "exactly one in the namespace ends within a week"),
    radius="Everybody who connects with it; a new secret is written by cert-manager.",
    risk="Low.",
    undo="Put renewBefore back.",
    never=("reads or writes a key", "turns verification off", "changes an issuer"),
    kinds=("Certificate",),
)  # fmt: skip
