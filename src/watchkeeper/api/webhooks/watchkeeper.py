"""Our own detectors, and programs that speak our own words."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from watchkeeper.api.delivery import Delivery, named_by, shaped
from watchkeeper.domain.alert import Alert, AlertStatus

NAME = "watchkeeper"


class _One(BaseModel):
    """Nothing unknown: who speaks our words spells them right."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    service: str = Field("", max_length=200)
    namespace: str = Field("", max_length=200)
    severity: Literal["critical", "high", "warning", "info"] = "warning"
    summary: str = Field("", max_length=2000)
    status: AlertStatus = AlertStatus.FIRING
    starts_at: AwareDatetime | None = None
    expression: str = ""
    labels: dict[str, str] = {}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    alerts: list[_One] = Field(max_length=10_000)


def read(delivery: Delivery) -> list[Alert]:
    """Raises InvalidInput naming the field."""
    return [_alert(one, delivery) for one in shaped(_Body, delivery.document()).alerts]


def _alert(one: _One, delivery: Delivery) -> Alert:
    labels = {**one.labels, "alertname": one.name, "severity": one.severity}
    labels |= {k: v for k, v in (("service", one.service), ("namespace", one.namespace)) if v}
    identity = sorted((k, v) for k, v in labels.items() if k != "severity")
    return Alert(
        source=NAME, fingerprint=named_by(identity), status=one.status, name=one.name, labels=labels,
        annotations={"summary": one.summary} if one.summary else {}, starts_at=one.starts_at or delivery.received_at,
        ends_at=delivery.received_at if one.status is AlertStatus.RESOLVED else None, received_at=delivery.received_at,
        expression=one.expression,
    )  # fmt: skip
