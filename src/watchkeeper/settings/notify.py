"""Who hears what, and how we notice that nothing is heard any more."""

from datetime import time
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator

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


SeverityName = Literal["critical", "high", "warning", "info"]


class QuietHours(Section):
    """Hours in which a route hears only what is loud; the rest waits for their end. They may pass midnight."""

    start: time = Field(time(22), description="From this clock time on.")
    end: time = Field(time(7), description="Until this clock time.")
    timezone: str = Field("UTC", description="An IANA name such as Europe/Berlin.")
    loudest: SeverityName = Field(
        "critical", description="What is at least this severe is said at once all the same; critical always is."
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone named {name!r}") from None
        return name


class NoticeRoute(Section):
    """Who hears the notices of a team, and who is next where nobody answers."""

    announcers: tuple[str, ...] = Field(description="slack, teams, pagerduty, webhook.", min_length=1)
    team: str = Field(
        "", description="Label `team` of an incident's alerts; empty: those without a route of their own."
    )
    least: SeverityName = Field("warning", description="Least severity that is heard here.")
    then: tuple[str, ...] = Field((), description="Who hears it where nobody answered in time.")
    after_minutes: float = Field(15, gt=0, description="Time to answer what a person is asked.")
    quiet: QuietHours | None = Field(None, description="Quiet hours; none: every hour is the same.")


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
    own_namespace: str = Field(
        "watchkeeper", description="The namespace Watchkeeper runs in: what is in it is diagnosed, never repaired."
    )
    routes: tuple[NoticeRoute, ...] = Field(
        (), description="Who hears what; empty: every announcer hears everything from `least` up."
    )
    pagerduty: PagerdutySettings = PagerdutySettings()
    webhook: WebhookSettings = WebhookSettings()
