"""Any JSON, read by a mapping of the configuration (`doors.generic.<name>`, JMESPath): `?mapping=<name>`."""

from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from watchkeeper.api.delivery import Delivery, moment, named_by, words
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.settings import GenericMapping

NAME = "generic"


def read(delivery: Delivery) -> list[Alert]:
    """Raises InvalidInput where the mapping is not configured or finds no name."""
    known = delivery.settings.generic
    name = delivery.query.get("mapping", "")
    if name not in known:
        raise InvalidInput(
            f"no mapping named {name!r}", field="mapping", hint=f"doors.generic has: {', '.join(known) or 'none'}"
        )
    mapping = known[name]
    found = _find(mapping.alerts, delivery.json())
    rows = found if isinstance(found, list) else [found] if found else []
    return [_alert(row, number, mapping, name, delivery) for number, row in enumerate(rows)]


def _alert(row: Any, number: int, mapping: GenericMapping, sender: str, delivery: Delivery) -> Alert:
    name = words(_find(mapping.name, row))
    if not name:
        raise InvalidInput(f"the mapping finds no name ({mapping.name})", field=f"[{number}]")
    labels = {label: value for label, where in mapping.labels.items() if (value := words(_find(where, row)))}
    labels |= {"alertname": name, "sender": sender}
    severity = words(_find(mapping.severity, row))
    if severity:
        labels["severity"] = severity.lower()
    over = words(_find(mapping.status, row)).lower() in {w.lower() for w in mapping.resolved}
    summary = words(_find(mapping.summary, row))
    identity = sorted((k, v) for k, v in labels.items() if k != "severity")
    return Alert(
        source=NAME, fingerprint=words(_find(mapping.fingerprint, row)) or named_by(identity),
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING, name=name, labels=labels,
        annotations={"summary": summary} if summary else {},
        starts_at=moment(_find(mapping.starts_at, row), delivery.received_at),
        ends_at=delivery.received_at if over else None, received_at=delivery.received_at,
    )  # fmt: skip


def _find(expression: str, value: Any) -> Any:
    if not expression:
        return None
    try:
        return jmespath.search(expression, value)
    except JMESPathError as error:
        raise InvalidInput(f"{expression}: {error}", field="(body)") from None
