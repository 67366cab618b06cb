"""Incidents out of one installation and into another; a person's name out of everything."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


class MovingRecords(Protocol):
    """Export, import, and the deletion of personal data."""

    async def packed(self, incident_id: str) -> dict[str, list[dict[str, Any]]]:
        """{table: rows} of one incident, everything that hangs on it, as JSON; the audit is not part of it."""
        ...

    async def unpack(self, tables: Mapping[str, list[Mapping[str, Any]]]) -> bool:
        """Put one incident's rows in; False, with nothing done, where the incident is there. Raises InvalidInput."""
        ...

    async def forget_person(self, name: str, pseudonym: str, at: datetime) -> dict[str, int]:
        """Write the pseudonym wherever the name stands; {table: rows changed}.

        The audit is rewritten and its chain recomputed, and the chain's next entry says so and keeps the digest it had
        before. Raises Conflict where the chain was not whole before.
        """
        ...
