"""The card of an incident, made once and neutrally. Platforms only dress it; all text in it is still untrusted."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.estate.manifests import unified_diff
from watchkeeper.store.port import PlanRecord, PlanState


@dataclass(frozen=True, slots=True)
class Button:
    """`action` is approve, reject, silence, take_over, real or noise; `value` the id it carries, and nothing else."""

    action: str
    label: str
    value: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What people see of an incident."""

    incident_id: str
    title: str
    severity: str
    status: str
    facts: tuple[tuple[str, str], ...]
    """(label, words)"""
    diff: str = ""
    buttons: tuple[Button, ...] = ()
    link: str = ""
    """Our own page; "" where `server.public_url` is not set."""

    @property
    def digest(self) -> str:
        """The same card has the same digest."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def card_of(
    incident: Incident, diagnosis: Diagnosis | None, plans: Sequence[PlanRecord], button_id: str, public_url: str
) -> Card:
    """The incident as it stands. Buttons to decide are there only while there is something to decide."""
    facts = [("Service", incident.service or "unknown"), ("Environment", incident.environment)]
    if diagnosis is not None:
        sure = f" ({diagnosis.cause.confidence:.0%})" if diagnosis.cause else ""
        facts.append(("Cause", f"{diagnosis.root_cause}{sure}"))
        if diagnosis.model != "offline":
            facts.append(("Words by", f"{diagnosis.model}, in part; ranked from evidence by Watchkeeper"))
    newest = plans[0] if plans else None
    buttons: list[Button] = []
    diff = ""
    if newest is not None:
        plan = newest.plan
        facts.append(("Repair", f"{plan.action.replace('_', ' ')} of {plan.target} ({newest.state}), risk {plan.risk}"))
        diff = "".join(unified_diff(e) for e in plan.edits)
        if newest.state is PlanState.PROPOSED and incident.stage is Stage.AWAITING_APPROVAL and button_id:
            facts.append(("Decide by", f"{plan.expires_at:%Y-%m-%d %H:%M} UTC"))
            buttons += [Button("approve", "Approve", button_id), Button("reject", "Reject", button_id, danger=True)]
    if incident.stage.open:
        buttons += [
            Button("silence", "Silence 1 h", incident.id),
            Button("take_over", "Take over 1 h", incident.id),
            Button("real", "Real", incident.id),
            Button("noise", "Noise", incident.id),
        ]
    link = f"{public_url.rstrip('/')}/incidents/{incident.id}" if public_url else ""
    return Card(
        incident.id,
        incident.title,
        str(incident.severity),
        str(incident.stage).replace("_", " "),
        tuple(facts),
        diff,
        tuple(buttons),
        link,
    )
