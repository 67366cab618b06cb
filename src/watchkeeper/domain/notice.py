"""What people are told about an incident, whichever way they hear it."""

from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.domain.severity import Severity


class NoticeKind(StrEnum):
    """What the notice is about."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"
    BLIND = "blind"
    """Alerts no longer reach us."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to say. Text may come from telemetry: whoever shows it escapes it."""

    incident_id: str
    title: str
    severity: Severity
    stage: str
    lines: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    """(words, address)"""
    dedup_key: str
    """Notices with the same key speak of the same thing: one message, edited; one page, updated."""
    kind: NoticeKind
