"""Pictures to be, kept with an incident's newest diagnosis."""

from collections.abc import Sequence
from typing import Protocol

from watchkeeper.domain.exhibit import Exhibit


class ExhibitRecords(Protocol):
    """What the incident page draws."""

    async def save_exhibits(self, incident_id: str, exhibits: Sequence[Exhibit]) -> None:
        """In place of those of an earlier diagnosis."""
        ...

    async def exhibits_of(self, incident_id: str) -> tuple[Exhibit, ...]:
        """In the order they were saved."""
        ...
