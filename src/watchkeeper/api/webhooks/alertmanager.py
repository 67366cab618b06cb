"""Prometheus Alertmanager, payload version 4."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict

from watchkeeper.api.delivery import Delivery, shaped
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import InvalidInput

NAME = "alertmanager"


class _One(BaseModel):
    """Unknown members are fine: newer versions add some."""

    model_config = ConfigDict(extra="ignore")

    status: AlertStatus
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: AwareDatetime
    endsAt: AwareDatetime | None = None
    generatorURL: str = ""
    fingerprint: str


class _Group(BaseModel):
    model_config = ConfigDict(extra="ignore")

    version: str
    alerts: list[_One]


def read(delivery: Delivery) -> list[Alert]:
    """The alerts of one delivery. A group is repeated whole, its firing and its resolved alerts together.

    Raises InvalidInput naming the field.
    """
    group = shaped(_Group, delivery.document())
    if group.version != "4":
        raise InvalidInput(f'payload version {group.version!r} is not known, only "4" is', field="version")
    return [_alert(one, delivery.received_at) for one in group.alerts]


def _alert(one: _One, received_at: datetime) -> Alert:
    # While it fires, the end is year 1: no end.
    ends = one.endsAt if one.endsAt and one.endsAt > datetime(1970, 1, 1, tzinfo=UTC) else None
    return Alert(
        source=NAME, fingerprint=one.fingerprint, status=one.status, name=one.labels.get("alertname", "unnamed"),
        labels=one.labels, annotations=one.annotations, starts_at=one.startsAt, ends_at=ends, received_at=received_at,
        generator_url=one.generatorURL, expression=expression_of(one.generatorURL),
    )  # fmt: skip


def expression_of(generator_url: str) -> str:
    """The PromQL that fired: Prometheus puts it into the link to its graph page. "" where the link is none."""
    try:
        return parse_qs(urlsplit(generator_url).query).get("g0.expr", [""])[0]
    except ValueError:
        return ""
