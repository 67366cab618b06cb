"""How alerts come in: limits of the intake, and what each sender of the webhook shelf needs."""

from pydantic import Field, SecretStr, field_validator

from watchkeeper.settings.section import Section


class IntakeSettings(Section):
    """How many alerts wait, and how many are stored at once."""

    batch_alerts: int = Field(1000, gt=0, description="Alerts of one transaction, at most.")
    queue_alerts: int = Field(
        5000, gt=0, description="Alerts that may wait in a process; more are answered 503 with Retry-After."
    )
    situations: int = Field(
        300, gt=0, description="Open incidents that a new alert is compared with, the newest first."
    )


class GenericMapping(Section):
    """One sender's JSON, read by JMESPath. An expression that finds nothing gives an empty value."""

    alerts: str = Field("@", description="The list of alerts in the body, or the one alert.")
    name: str = Field(description="The alert's name.")
    status: str = Field("", description="A word; empty: every delivery fires.")
    resolved: tuple[str, ...] = Field(
        ("resolved", "ok", "closed", "recovered", "inactive"), description="Words that mean over."
    )
    severity: str = Field("", description="A word such as critical.")
    summary: str = Field("", description="The sender's sentence.")
    starts_at: str = Field("", description="RFC 3339 or unix seconds; nothing found: when it came.")
    fingerprint: str = Field("", description="What names the alert through time; empty: made of its labels.")
    labels: dict[str, str] = Field({}, description="Label -> expression.")

    @field_validator("alerts", "name", "status", "severity", "summary", "starts_at", "fingerprint")
    @classmethod
    def _compiles(cls, value: str) -> str:
        _compile(value)
        return value

    @field_validator("labels")
    @classmethod
    def _all_compile(cls, value: dict[str, str]) -> dict[str, str]:
        for expression in value.values():
            _compile(expression)
        return value


def _compile(expression: str) -> None:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        if expression:
            jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"not JMESPath: {expression!r}: {error}") from None


class DoorsSettings(Section):
    """What senders need beside the webhook token."""

    grafana_secret: SecretStr = Field(
        SecretStr(""), description="HMAC secret of Grafana's contact point; empty: the webhook token is asked for."
    )
    grafana_timestamp_header: str = Field(
        "", description="Header with the time that is part of the signature, where Grafana is set up so."
    )
    signature_minutes: float = Field(5, gt=0, description="A signed time further from now is refused.")
    pagerduty_routing_key: SecretStr = Field(
        SecretStr(""), description="Routing key senders of Events v2 show; empty: the webhook token is asked for."
    )
    generic: dict[str, GenericMapping] = Field(
        {}, description="Name -> mapping, for /api/v1/webhooks/generic?mapping=NAME."
    )
    expire_minutes: dict[str, float] = Field(
        {"kubernetes": 30, "watchkeeper": 30},
        description="Sender -> minutes after which an alert that is not repeated is over; for senders that never say so.",
    )
