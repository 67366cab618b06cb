"""What was learnt from incidents that are over, and what people wrote down."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from watchkeeper.domain.memory import Article, PastIncident, Vector


class MemoryRecords(Protocol):
    """Past incidents with one vector an embedder, and articles by source and key."""

    async def unremembered(self, embedder: str, limit: int) -> list[str]:
        """Resolved incidents that have no memory of their last end, or no vector of this embedder, oldest first."""
        ...

    async def save_memory(self, past: PastIncident, embedder: str, data: bytes) -> None:
        """Write or overwrite, with its vector. Texts are redacted before storing."""
        ...

    async def memories(self, ids: Collection[str]) -> Mapping[str, PastIncident]:
        """Those that are known, by id."""
        ...

    async def newest_memories(self, since: datetime, limit: int) -> list[PastIncident]:
        """Ended at or after `since`, newest first."""
        ...

    async def vectors_after(self, embedder: str, seq: int, limit: int) -> list[Vector]:
        """Written after that number, in the order of writing."""
        ...

    async def save_articles(self, source: str, articles: Sequence[Article], at: datetime) -> tuple[int, int]:
        """What the source holds now, in place of what it held: (written, removed). Unchanged ones are left alone."""
        ...

    async def articles(self) -> list[Article]:
        """All, by source and key."""
        ...
