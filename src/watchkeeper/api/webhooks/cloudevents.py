"""CloudEvents 1.0 over HTTP, structured (one or a batch) or binary, for whatever has no door of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict

from watchkeeper.api.delivery import Delivery, moment, named_by, shaped, words
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import InvalidInput

NAME = "cloudevents"
_OVER = ("resolved", "recovered", "closed", "ok", "inactive")


class _Event(BaseModel):
    """Attributes; extensions become labels."""

    model_config = ConfigDict(extra="allow")

    specversion: str
    id: str
    source: str
    type: str
    subject: str = ""
    time: str = ""
    data: Any = None


def read(delivery: Delivery) -> list[Alert]:
    """`type` names the alert, `source` and `subject` say where; `data.status`, or a type that ends so, says that it is over.

    Raises InvalidInput naming the field.
    """
    kind = delivery.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/cloudevents-batch+json":
        found = delivery.json()
        if not isinstance(found, list):
            raise InvalidInput("a batch is a list", field="(body)")
    elif kind == "application/cloudevents+json":
        found = [delivery.document()]
    else:
        found = [_binary(delivery)]
    return [_alert(shaped(_Event, one), delivery.received_at) for one in found]


def _binary(delivery: Delivery) -> dict[str, Any]:
    """Attributes from `ce-` headers, percent-decoded; the body is the data."""
    attributes: dict[str, Any] = {k[3:]: unquote(v) for k, v in delivery.headers.items() if k.startswith("ce-")}
    if not attributes:
        raise InvalidInput("neither application/cloudevents+json nor ce- headers", field="(headers)")
    attributes["data"] = delivery.json() if delivery.body else None
    return attributes


def _alert(event: _Event, received_at: datetime) -> Alert:
    if event.specversion != "1.0":
        raise InvalidInput(f'specversion {event.specversion!r} is not known, only "1.0" is', field="specversion")
    data: Mapping[str, Any] = event.data if isinstance(event.data, dict) else {}
    inner = data.get("labels")
    said: Mapping[str, Any] = inner if isinstance(inner, dict) else data
    labels = {str(k): words(v) for k, v in said.items() if words(v)}
    labels |= {k: words(v) for k, v in (event.model_extra or {}).items() if words(v)}
    labels.setdefault("alertname", event.type)
    labels |= {"ce_source": event.source, **({"ce_subject": event.subject} if event.subject else {})}
    status = words(data.get("status")).lower()
    over = status in _OVER or event.type.rsplit(".", 1)[-1].lower() in _OVER
    summary = words(data.get("summary") or data.get("message")) or f"{event.type} of {event.subject or event.source}"
    base = (
        event.type.rsplit(".", 1)[0]
        if event.type.rsplit(".", 1)[-1].lower() in (*_OVER, "firing", "raised")
        else event.type
    )
    at = moment(event.time, received_at)
    return Alert(
        source=NAME, fingerprint=named_by(event.source, event.subject, base, labels.get("alertname") if inner else ""),
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING, name=labels["alertname"], labels=labels,
        annotations={"summary": summary}, starts_at=moment(data.get("starts_at"), at),
        ends_at=at if over else None, received_at=received_at,
    )  # fmt: skip
