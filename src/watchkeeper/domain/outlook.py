"""A series as people look at it: what it did, what was usual, what was flagged, and where it is going."""

from collections.abc import Sequence
from dataclasses import dataclass

Line = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Outlook:
    """Times in unix seconds; None or a shorter list: not known there."""

    service: str
    metric: str
    unit: str
    times: Sequence[float]
    values: Line
    low: Line
    high: Line
    """the usual range at each time"""
    flagged: Sequence[int]
    """places in `times`"""
    ahead: Sequence[float] = ()
    ahead_low: Line = ()
    ahead_middle: Line = ()
    ahead_high: Line = ()
    limit: float | None = None
