"""Kubernetes warning events: one, a list, or frames of a watch, as event exporters post them."""

from collections.abc import Iterator
from typing import Any

from watchkeeper.api.delivery import Delivery, moment, named_by, words
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import InvalidInput

NAME = "kubernetes"


def read(delivery: Delivery) -> list[Alert]:
    """Warnings only. Events never say that they are over: `doors.expire_minutes` ends them. Raises InvalidInput."""
    return [_alert(event, delivery) for event in _events(delivery.json()) if event.get("type") == "Warning"]


def _events(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _events(one)
    elif isinstance(value, dict) and isinstance(value.get("items"), list):
        yield from _events(value["items"])
    elif isinstance(value, dict) and isinstance(value.get("object"), dict):
        if value.get("type") in ("ADDED", "MODIFIED"):
            yield from _events(value["object"])
    elif isinstance(value, dict) and "reason" in value:
        yield value
    else:
        raise InvalidInput("not an Event of Kubernetes, nor a list of them", field="(body)")


def _alert(event: dict[str, Any], delivery: Delivery) -> Alert:
    """Old-style events have first and last times, new-style ones an event time and a series."""
    about = event.get("involvedObject") or event.get("regarding") or {}
    kind, name, namespace = (words(about.get(k)) for k in ("kind", "name", "namespace"))
    reason = words(event.get("reason"))
    first = event.get("firstTimestamp") or event.get("deprecatedFirstTimestamp") or event.get("eventTime")
    source = event.get("source") or event.get("deprecatedSource") or {}
    labels = {
        "alertname": reason,
        "severity": "warning",
        "kind": kind,
        "namespace": namespace,
        kind.lower() or "object": name,
    }
    if words(source.get("host")):
        labels["node"] = words(source.get("host"))
    note = words(event.get("message") or event.get("note"))
    return Alert(
        source=NAME, fingerprint=named_by(namespace, kind, name, words(about.get("uid")), reason),
        status=AlertStatus.FIRING, name=reason, labels={k: v for k, v in labels.items() if v},
        annotations={"summary": f"{reason} of {kind} {name}: {note}"[:1000]},
        starts_at=moment(first, delivery.received_at), ends_at=None, received_at=delivery.received_at,
    )  # fmt: skip
