"""Grafana alerting contact points of the kind webhook, signed (HMAC) or with a token."""

import hmac
from datetime import UTC, datetime
from hashlib import sha256

from pydantic import AwareDatetime, BaseModel, ConfigDict

from watchkeeper.api.delivery import Delivery, moment, named_by, shaped
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import NotAllowed

NAME = "grafana"
SIGNATURE = "x-grafana-alerting-signature"


class _One(BaseModel):
    model_config = ConfigDict(extra="ignore")

    status: AlertStatus
    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    startsAt: AwareDatetime
    endsAt: AwareDatetime | None = None
    generatorURL: str = ""
    fingerprint: str = ""
    dashboardURL: str = ""
    panelURL: str = ""
    values: dict[str, float | None] | None = None
    valueString: str = ""


class _Group(BaseModel):
    model_config = ConfigDict(extra="ignore")

    alerts: list[_One]


def proven(delivery: Delivery) -> bool:
    """Does the signature fit? False where no secret is set. Raises NotAllowed for a wrong, old or missing signature."""
    secret = delivery.settings.grafana_secret.get_secret_value()
    if not secret:
        return False
    signed, header = delivery.body, delivery.settings.grafana_timestamp_header.lower()
    if header:
        said = delivery.headers.get(header, "")
        at = moment(said, datetime(1970, 1, 1, tzinfo=UTC))
        if abs((delivery.received_at - at).total_seconds()) > 60 * delivery.settings.signature_minutes:
            raise NotAllowed("the signed time is missing or too far from now")
        signed = said.encode() + b":" + signed
    wanted = hmac.new(secret.encode(), signed, sha256).hexdigest()
    if not hmac.compare_digest(delivery.headers.get(SIGNATURE, "").encode(), wanted.encode()):
        raise NotAllowed(
            "the signature is wrong or missing", hint="set the same HMAC secret in Grafana's contact point"
        )
    return True


def read(delivery: Delivery) -> list[Alert]:
    """Grafana's own fields beside those of Alertmanager. Raises InvalidInput naming the field."""
    group = shaped(_Group, delivery.document())
    return [_alert(one, delivery.received_at) for one in group.alerts]


def _alert(one: _One, received_at: datetime) -> Alert:
    notes = dict(one.annotations or {})
    if one.valueString:
        notes.setdefault("value", one.valueString[:500])
    for name, link in (("dashboard", one.dashboardURL), ("panel", one.panelURL)):
        if link:
            notes.setdefault(name, link)
    ends = one.endsAt if one.endsAt and one.endsAt > datetime(1970, 1, 1, tzinfo=UTC) else None
    return Alert(
        source=NAME, fingerprint=one.fingerprint or named_by(sorted(one.labels.items())), status=one.status,
        name=one.labels.get("alertname", "unnamed"), labels=one.labels, annotations=notes, starts_at=one.startsAt,
        ends_at=ends, received_at=received_at, generator_url=one.generatorURL,
    )  # fmt: skip
