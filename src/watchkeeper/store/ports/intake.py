"""Alerts in by batches: few statements however many alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.situation import Situation, Standing, StandingKey

AlertKey = tuple[str, str, datetime, AlertStatus]


@dataclass(frozen=True, slots=True)
class Kept:
    """An alert with where it goes and why."""

    alert: Alert
    incident_id: str
    because: str


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A line of the timeline that is to be written."""

    incident_id: str
    kind: str
    text: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SituationHead:
    """What changes of a situation without an alert, and the version that tells whether the rest must be read again."""

    version: int
    accepts_more: bool
    repaired: tuple[str, ...] = ()
    """As `Situation.repaired`."""


class IntakeRecords(Protocol):
    """What a batch reads and writes. The caller holds the lock `intake`."""

    async def known_alerts(self, alerts: Sequence[Alert]) -> dict[AlertKey, str]:
        """Those that are stored, with their incident ("": none)."""
        ...

    async def keep_alerts(self, rows: Sequence[Kept]) -> None:
        """Insert, each key once; those stored before get their new incident (unless "") and content."""
        ...

    async def standing(self, keys: Sequence[StandingKey]) -> dict[StandingKey, Standing]:
        """How these alerts stood."""
        ...

    async def save_standing(self, rows: Sequence[Standing]) -> None:
        """Write over."""
        ...

    async def situation_heads(self, since: datetime, limit: int) -> dict[str, SituationHead]:
        """Open incidents with an alert that started since then, newest first; and those under repair, however old."""
        ...

    async def situations(self, ids: Sequence[str]) -> list[Situation]:
        """Read whole."""
        ...

    async def save_situations(self, rows: Sequence[Situation]) -> None:
        """Write over; the version grows."""
        ...

    async def create_incidents(self, incidents: Sequence[Incident]) -> None:
        """New rows."""
        ...

    async def add_events(self, events: Sequence[NewEvent]) -> None:
        """Lines of timelines, told on commit."""
        ...

    async def defer_steps(self, incident_ids: Sequence[str]) -> None:
        """Enqueue the next step of each; the worse its severity the sooner."""
        ...

    async def restless(self, incident_id: str, since: datetime, changes: int, quiet_since: datetime) -> bool:
        """Does an alert of it flap: at least so many changes since then, the last after `quiet_since`?"""
        ...

    async def not_repeated(self, source: str, before: datetime, limit: int) -> list[Alert]:
        """Alerts of a sender that fire and were last seen before."""
        ...

    async def nth_newest(self, number: int) -> datetime | None:
        """When the alert was stored that so many are newer than; None: there are not so many."""
        ...
