"""What happened lately, in numbers. Each is answered from an index, whatever the size of the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchkeeper.domain.incident import IncidentEvent


@dataclass(frozen=True, slots=True)
class Summary:
    """Since a moment. Times to resolution in seconds, None where nothing was resolved."""

    alerts: int
    """deliveries stored, repeats of the same delivery not counted"""
    incidents: int
    resolved: int
    escalated: int
    median_resolution: float | None
    slowest_resolution: float | None
    """95th percentile"""
    repairs: int
    """carried out"""
    recovered: int
    """proven to have helped"""
    undone: int


class OverviewRecords(Protocol):
    """For the first page of the console."""

    async def summary(self, since: datetime) -> Summary:
        """Counts of what began, ended and was done since then."""
        ...

    async def told_since(self, since: datetime, kinds: Sequence[str], limit: int) -> list[IncidentEvent]:
        """Timeline lines of these kinds, newest first."""
        ...
