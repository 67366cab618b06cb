"""What a sender told us is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertStatus(StrEnum):
    """As Alertmanager says it."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert at one moment. `fingerprint` names the alert through time, `key` this episode and status of it."""

    source: str
    """The sender's name on the webhook shelf, such as `alertmanager`."""
    fingerprint: str
    status: AlertStatus
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    received_at: datetime
    generator_url: str = ""
    expression: str = ""
    """The PromQL that fired, where the sender tells; used again to verify a repair."""

    @property
    def key(self) -> tuple[str, str, datetime, AlertStatus]:
        """Identity for de-duplication: the same delivery twice has the same key."""
        return (self.source, self.fingerprint, self.starts_at, self.status)

    @property
    def summary(self) -> str:
        """The sender's own sentence, untrusted text."""
        return self.annotations.get("summary") or self.annotations.get("description") or self.name
