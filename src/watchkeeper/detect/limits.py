"""Which hard limits will be reached, over a fleet: the forecast of `crossing` with what daily life does taken out.

A series near its limit is no news, nor is one that climbs every morning. A crossing is told when the lines of `crossing` agree
for several looks in a row *and* the series is above everything it showed in the last day (an hour ago and before) *and* the climb
is not the one it made at this time yesterday. Ring of one value every two minutes for 26 hours: 3 KiB a series. Times in unix
seconds, limits from above.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.crossing import crossings
from watchkeeper.domain.sighting import Crossing

STEP = 120.0
_SLOTS = 780
_DAY, _HOUR = round(86400 / STEP), round(3600 / STEP)
_LOOKS = 3
"""Looks in a row that must agree."""
_CLEAR, _LEAST = 0.15, 0.01
"""Part of the room between the record and the limit, and of the limit, by which the record must be broken."""
_SEASONAL = 0.75
"""Part of the climb that yesterday's may explain before the climb is taken for the season's."""


class LimitWatch:
    """`limits`: one a series."""

    def __init__(self, limits: npt.NDArray[Any]) -> None:
        self.limits = np.asarray(limits, np.float32)
        self.ring = np.full((_SLOTS, len(self.limits)), np.nan, np.float32)
        self.slot = -1
        self.agreed = np.zeros(len(self.limits), np.int16)

    def grown(self, limits: npt.NDArray[Any]) -> "LimitWatch":
        """With further series that have no past."""
        out = LimitWatch(np.concatenate([self.limits, np.asarray(limits, np.float32)]))
        known = len(self.limits)
        out.ring[:, :known], out.agreed[:known], out.slot = self.ring, self.agreed, self.slot
        return out

    def add(self, at: float, values: npt.NDArray[Any]) -> None:
        """One sample of every series (NaN: none); within a slot the largest stays."""
        slot = int(at // STEP)
        if self.slot < 0 or slot - self.slot >= _SLOTS:
            self.ring[:] = np.nan
        elif slot > self.slot:
            for missed in range(self.slot + 1, slot + 1):
                self.ring[missed % _SLOTS] = np.nan
        self.slot = max(self.slot, slot)
        row = self.ring[slot % _SLOTS]
        np.fmax(row, np.asarray(values, np.float32), out=row)

    def look(self, at: float) -> Mapping[int, Crossing]:
        """Column -> the crossing that is coming. O(series) for those that stay below their record."""
        past = self._past()
        newest = past[-1]
        with np.errstate(invalid="ignore"):
            record = np.fmax.reduce(past[-_DAY - _HOUR : -_HOUR], axis=0)
            known = np.isfinite(past[-_DAY - _HOUR : -_HOUR]).sum(axis=0) >= _HOUR * 2
            margin = np.fmax(_CLEAR * (self.limits - record), _LEAST * self.limits)
            rising = known & (newest > record + margin) & (newest < self.limits)
        found: dict[int, Crossing] = {}
        for column in np.flatnonzero(rising):
            coming = self._coming(past[:, column].astype(np.float64), float(self.limits[column]), at)
            self.agreed[column] = self.agreed[column] + 1 if coming else 0
            if coming is not None and self.agreed[column] >= _LOOKS:
                found[int(column)] = coming
        self.agreed[~rising] = 0
        return found

    def _past(self) -> npt.NDArray[np.float32]:
        """Oldest first; the newest row may lack what has not come yet, then the one before counts."""
        order = (np.arange(self.slot - _SLOTS + 1, self.slot + 1)) % _SLOTS
        past = self.ring[order]
        past[-1] = np.where(np.isfinite(past[-1]), past[-1], past[-2])
        return past

    def _coming(self, past: npt.NDArray[np.float64], limit: float, at: float) -> Crossing | None:
        begun = int(np.flatnonzero(np.isfinite(past))[0])
        seen = crossings(past[begun:], limit, STEP)
        left = float(seen.left[-1])
        if not np.isfinite(left) or seasonal(past, limit):
            return None
        earliest, latest = at + float(seen.earliest[-1]), at + float(seen.latest[-1])
        return Crossing("", limit, float(past[-1]), earliest, at + left, latest)


def seasonal(past: npt.NDArray[np.float64], limit: float) -> bool:
    """Did yesterday bring the same climb at this time, and does the same again stay below the limit?"""
    if len(past) < _DAY + _HOUR:
        return False
    climb = past[-1] - _level(past[-_HOUR - 5 : -_HOUR])
    then = _level(past[-_DAY - 3 : -_DAY + 2])
    climb_then = then - _level(past[-_DAY - _HOUR - 5 : -_DAY - _HOUR])
    ahead = past[-_DAY : -_DAY + _HOUR]
    rest = np.nanmax(ahead) - then if np.isfinite(ahead).any() else np.nan
    if not np.isfinite([climb, climb_then, rest]).all() or climb <= 0:
        return False
    return bool(climb_then >= _SEASONAL * climb and past[-1] + max(rest, 0.0) < limit)


def _level(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
