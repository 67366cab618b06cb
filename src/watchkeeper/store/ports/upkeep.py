"""Old rows go, new partitions are there in time; what people are still to be told."""

from datetime import datetime
from typing import Protocol

from watchkeeper.domain.incident import IncidentEvent


class UpkeepRecords(Protocol):
    """Retention, partitions, the timeline as an outbox."""

    async def keep_partitions(self, now: datetime, weeks: int) -> int:
        """Weekly partitions from now on for that many weeks; how many were made."""
        ...

    async def forget(self, alerts_before: datetime, events_before: datetime) -> int:
        """Drop partitions that end before; alerts and events of open incidents stay. How many partitions went."""
        ...

    async def owed_events(self, limit: int) -> list[IncidentEvent]:
        """Lines of timelines that nobody was told yet, oldest first."""
        ...

    async def told_events(self, ids: list[int]) -> None:
        """They were told."""
        ...
