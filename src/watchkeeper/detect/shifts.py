"""The shift head: does the last half day lie elsewhere than this half day of the last week?

Levels wander, so one metric must move far to be told; many metrics of a service that moved together tell it sooner (`fuse`). What
lasts is told once a day, and half a day that holds something told is no news. When an hour ends, the mean of the last half day is
laid beside the same half days of the seven days before: their median is what is usual, and how far it usually lies away is learnt
per series. What came a week ago too is no shift. It reads the means that `hours` keeps, and adds 48 bytes a series.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.int64]
Parts = npt.NDArray[np.int32]

NEVER = -(2**31) + 1
DAYS = 7
PARTS = 12
"""Hours of half a day: so many before the oldest day are read too."""
_LEAST_DAYS = 3
_BEGUN, _MEMORY = 72, 240
"""Distances of a series before it is judged, and those that the usual one is made of."""
_FAR = 4.5
"""Usual distances that one series must move, for 0.1 false pages a day; each further one is about e times as rare."""
_CLIP = np.float32(4.0)
"""Usual distances beyond which one teaches no more."""
_GRAIN, _TINY = np.float32(2e-2), np.float32(1e-9)
"""Least usual distance, as a share of what is usual."""


class Shifts:
    """Many series at once. `size`: of the newest half day in usual distances, 0 where too little is known."""

    ARRAYS = ("seen", "usual", "size", "hot")

    def __init__(self, series: int, false_pages_per_day: float) -> None:
        self._far = max(_FAR - float(np.log(false_pages_per_day / 0.1)), 3.0)
        self.seen, self.usual, self.size = np.zeros((3, series), np.float32)
        self.hot = np.full(series, NEVER, np.int32)
        """number of the part that was last far away"""

    def step(self, columns: Columns, means: Floats, part: Parts, per_day: int, told: Parts) -> Flags:
        """The parts of these columns ended: which are told. `means`: by part number modulo its rows; `part`: the number that
        ended; `told`: that of the last told by others."""
        self._judge(columns, means, part, per_day)
        far = self.size[columns] > self._far
        fresh: Flags = far & (part - self.hot[columns].astype(np.int64) > per_day)
        self.hot[columns[far]] = part[far]
        return fresh & (part - told.astype(np.int64) >= max(per_day // 2, 1))

    def _judge(self, columns: Columns, means: Floats, part: Parts, per_day: int) -> None:
        width = max(per_day // 2, 1)
        together = len(columns) == means.shape[1] and bool((part == part[0]).all())
        rows = len(means)

        def half_day(days: int) -> Floats:
            total, count = np.zeros((2, len(columns)), np.float32)
            for back in range(days * per_day, days * per_day + width):
                place: Any = (int(part[0]) - back) % rows if together else ((part - back) % rows, columns)
                known = np.isfinite(means[place])
                total += np.where(known, means[place], np.float32(0))
                count += known
            return np.where(2 * count >= width, total / np.maximum(count, 1), np.float32(np.nan))

        week, now = np.stack([half_day(days) for days in range(1, DAYS + 1)]), half_day(0)
        usual = _median(week)
        away = np.abs(now - usual)
        known = np.isfinite(away)
        # What came a week ago too is the week's rhythm. The yardstick is the distance to the median all the same.
        nearer = np.fmin(away, np.abs(now - week[-1]))
        self.size[columns] = 0
        self._learn(columns[known], away[known], nearer[known], usual[known])

    def _learn(self, columns: Columns, away: Floats, nearer: Floats, usual: Floats) -> None:
        seen = self.seen[columns]
        yard = self.usual[columns] + np.abs(usual) * _GRAIN + _TINY
        begun = seen >= _BEGUN
        self.size[columns] = np.where(begun, nearer / yard, np.float32(0))
        taught = np.where(begun, np.minimum(away, _CLIP * yard), away)
        self.usual[columns] += np.maximum(1 / (seen + 1), np.float32(1 / _MEMORY)) * (taught - self.usual[columns])
        self.seen[columns] = seen + 1


def _median(values: Floats) -> Floats:
    """By column, of what is known; NaN where fewer than `_LEAST_DAYS` are."""
    known = np.isfinite(values).sum(axis=0)
    ordered, columns = np.sort(values, axis=0), np.arange(values.shape[1])
    low, high = np.maximum((known - 1) // 2, 0), np.minimum(known // 2, len(values) - 1)
    middle = (ordered[low, columns] + ordered[high, columns]) / 2
    return np.where(known >= _LEAST_DAYS, middle, np.float32(np.nan))
