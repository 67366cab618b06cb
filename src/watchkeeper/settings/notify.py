"""Who hears what, and how we notice that nothing is heard any more."""

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section


class PagerdutySettings(Section):
    """PagerDuty Events v2, outwards."""

    url: str = Field("https://events.pagerduty.com/v2/enqueue", description="Where events are sent.")
    routing_key: SecretStr = Field(SecretStr(""), description="Integration key; empty: off.")
    timeout_seconds: float = Field(10, gt=0, description="Longest wait for one answer.")


class WebhookSettings(Section):
    """Any server that takes JSON."""

    url: str = Field("", description="Where notices are posted; empty: off.")
    secret: SecretStr = Field(SecretStr(""), description="Signs the body: X-Watchkeeper-Signature, hex HMAC-SHA-256.")
    timeout_seconds: float = Field(10, gt=0, description="Longest wait for one answer.")


class NotifySettings(Section):
    """Who hears what, when."""

    least: str = Field("warning", description="Least severity that anybody is told of.")
    group_seconds: float = Field(
        20, ge=0, le=30, description="Notices below critical wait this long, so that one is said instead of five."
    )
    watchdog: str = Field("Watchdog", description="Name of the alert that always fires.")
    watchdog_minutes: float = Field(5, gt=0, description='Its absence for this long is told as "we are blind".')
    own_services: tuple[str, ...] = Field(
        ("watchkeeper", "watchkeeper-worker", "watchkeeper-postgresql", "watchkeeper-redis"),
        description="Watchkeeper itself and what it stands on: diagnosed, never repaired.",
    )
    pagerduty: PagerdutySettings = PagerdutySettings()
    webhook: WebhookSettings = WebhookSettings()
