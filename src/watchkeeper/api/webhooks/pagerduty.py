"""PagerDuty Events API v2: point a sender's enqueue address here; trigger, acknowledge and resolve by dedup_key."""

import hmac
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from watchkeeper.api.delivery import Delivery, moment, named_by, shaped, words
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import InvalidInput, NotAllowed

NAME = "pagerduty"


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore")

    summary: str = Field(max_length=10_000)
    source: str
    severity: Literal["critical", "error", "warning", "info"]
    timestamp: str = ""
    component: str = ""
    group: str = ""
    custom_details: Any = None


class _Event(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    routing_key: str = ""
    event_action: Literal["trigger", "acknowledge", "resolve"]
    dedup_key: str = Field("", max_length=255)
    payload: _Payload | None = None
    client_url: str = ""
    kind: str = Field("", alias="class")


def proven(delivery: Delivery) -> bool:
    """Is the routing key ours? False where none is set. Raises NotAllowed for another one."""
    wanted = delivery.settings.pagerduty_routing_key.get_secret_value()
    if not wanted:
        return False
    said = str(delivery.document().get("routing_key", ""))
    if not hmac.compare_digest(said.encode(), wanted.encode()):
        raise NotAllowed("the routing key is wrong or missing")
    return True


def read(delivery: Delivery) -> list[Alert]:
    """One alert; none for acknowledge, which changes nothing here. Raises InvalidInput naming the field."""
    event = shaped(_Event, delivery.document())
    if event.event_action == "acknowledge":
        return []
    if event.event_action == "resolve" and not event.dedup_key:
        raise InvalidInput("resolve needs the dedup_key of its trigger", field="dedup_key")
    if event.event_action == "trigger" and event.payload is None:
        raise InvalidInput("trigger needs a payload", field="payload")
    return [_alert(event, delivery.received_at)]


def _alert(event: _Event, received_at: datetime) -> Alert:
    said = event.payload
    details = said.custom_details if said and isinstance(said.custom_details, dict) else {}
    labels = {str(k): words(v) for k, v in details.items() if words(v)}
    name = labels.get("alertname") or event.kind or (said.component if said else "") or "PagerDutyEvent"
    if said:
        labels |= {"alertname": name, "severity": said.severity, "instance": said.source}
        labels |= {k: v for k, v in (("service", said.component), ("group", said.group)) if v}
    resolved = event.event_action == "resolve"
    return Alert(
        source=NAME, fingerprint=event.dedup_key or named_by(sorted(labels.items()), said.summary if said else ""),
        status=AlertStatus.RESOLVED if resolved else AlertStatus.FIRING, name=name, labels=labels,
        annotations={"summary": said.summary} if said else {},
        starts_at=moment(said.timestamp, received_at) if said and said.timestamp else received_at,
        ends_at=received_at if resolved else None, received_at=received_at, generator_url=event.client_url,
    )  # fmt: skip
