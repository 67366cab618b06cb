"""What each announcer is still to say: one that does not answer, or sleeps, holds up nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchkeeper.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Owed:
    """One notice for one announcer, not before `due_at`."""

    announcer: str
    notice: Notice
    due_at: datetime
    asked_at: datetime | None = None
    """Set: said only if nobody has answered since then."""
    id: int = 0


class DeliveryRecords(Protocol):
    """Rows live from the timeline's line until it is said."""

    async def add_deliveries(self, owed: Sequence[Owed]) -> None:
        """Keep them."""
        ...

    async def due_deliveries(self, announcer: str, at: datetime, limit: int) -> list[Owed]:
        """What it is to say now: the most severe first, then the oldest."""
        ...

    async def drop_deliveries(self, ids: Sequence[int]) -> None:
        """They were said, or need not be."""
        ...

    async def forget_deliveries(self, announcers: Sequence[str], before: datetime) -> None:
        """Drop what was due before for announcers other than these: nobody will ever say it."""
        ...
