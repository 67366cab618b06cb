"""What people say about alerts: silences, accepted issues, corrections; and when a sender was last heard."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from watchkeeper.domain.muting import Correction, KnownIssue, Mute


class MutingRecords(Protocol):
    """Few rows, read at every batch."""

    async def silences(self, at: datetime) -> list[Mute]:
        """Those not over."""
        ...

    async def replace_silences(self, origin: str, silences: Sequence[Mute]) -> None:
        """What this origin has now."""
        ...

    async def add_silence(self, origin: str, silence: Mute) -> None:
        """One more of this origin; the same id is written over."""
        ...

    async def known_issues(self, at: datetime) -> list[KnownIssue]:
        """Those not expired, the next to expire first."""
        ...

    async def save_known_issue(self, issue: KnownIssue) -> None:
        """New, or written over."""
        ...

    async def drop_known_issue(self, issue_id: str) -> bool:
        """False where there was none."""
        ...

    async def add_correction(self, correction: Correction) -> None:
        """Remember what a person said."""
        ...

    async def corrections(self) -> list[Correction]:
        """The newest 500, oldest first."""
        ...

    async def move_alerts(self, fingerprints: Sequence[str], origin: str, target: str, because: str) -> int:
        """Alerts (sender's fingerprints; empty: all) from one incident to another, with how they stand; how many."""
        ...

    async def hear(self, names: Sequence[str], at: datetime) -> None:
        """Note that these were heard."""
        ...

    async def last_heard(self, name: str) -> datetime | None:
        """When; None: never."""
        ...
