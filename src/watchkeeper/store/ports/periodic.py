"""Jobs that run every so often, once in the whole installation."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class PeriodicRecords(Protocol):
    """When each job is due."""

    async def claim_periodic(self, every: Mapping[str, float], at: datetime) -> list[str]:
        """Enqueue each named job that is due at `at` and move it on by its seconds; their names.

        However many workers ask, a job is enqueued once in its interval. A job seen for the first time is due at once.
        """
        ...
