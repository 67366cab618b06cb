"""The hours head: do the last three hours look like these hours of any of the last seven days?

A day that does not come, a level that stays up for half a day, spikes that become frequent: no single sample of it is unusual,
the hours are. Each hour's mean is remembered for a week. When an hour ends, the last three are laid over the same hours of
every remembered day, an hour earlier and later too, and the distance to the two nearest is the score: whatever rhythm brings
(a weekend, a nightly job) has a near neighbour. The score's tail is fitted per series as for the other heads, on the same knob.
What lasts is told once; what single samples told already is not told again. 0.7 KiB a series; O(series) a sample.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.shifts import DAYS, NEVER, PARTS, Shifts

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.int64]

_DAY = 86400
_PARTS = (3600, 7200, 10800, 14400, 21600, 28800, 43200, _DAY)
"""Seconds a part may last, all dividing a day: the shortest that holds a sample is taken."""
_DAYS, _WIDTH, _NEAR = DAYS, 3, 1
"""Days remembered, parts compared at once, and parts earlier or later that may be a neighbour."""
ROWS = _DAYS * 24 + max(_NEAR + _WIDTH, PARTS)
_TOLD = _WIDTH + 1
"""Parts after an unusual sample in which the hours that hold it are not told."""
_FULL = 0.5
"""Share of an hour's samples without which its mean is none."""
_QUANTILE, _DEEPEST = 0.95, 4.0
_BEGIN, _JUDGE_FROM = 24, 48
"""Scores of a series that set its first quantile, and before it is judged."""
_GRAIN, _TINY = np.float32(1e-3), np.float32(1e-9)


class Hours:
    """Many series at once. `interval`: seconds between samples of each."""

    ARRAYS = ("part", "total", "count", "means", "scored", "highest", "quantile", "tail", "hot", "told")

    def __init__(self, series: int, interval: npt.NDArray[Any], false_pages_per_day: float) -> None:
        self.length = np.array([next((p for p in _PARTS if p >= i), i) for i in interval], np.float64)
        self.per_day = np.maximum(_DAY // self.length, 1).astype(np.int64)
        self._enough = np.maximum(_FULL * self.length / interval, 1).astype(np.float32)
        chance = np.minimum(false_pages_per_day / self.per_day, 0.04)
        self._deep = np.log((1 - _QUANTILE) / chance).astype(np.float32)
        self.part = np.full(series, NEVER, np.int32)
        """number of the part being filled, since 1970"""
        self.total, self.count = np.zeros((2, series), np.float32)
        self.means = np.full((ROWS, series), np.nan, np.float32)
        """by part number modulo ROWS"""
        self.scored = np.zeros(series, np.float32)
        self.highest, self.quantile = np.full((2, series), -np.inf, np.float32)
        """of the logarithm of the score, as is the tail's mean length; the quantile begins as the second highest"""
        self.tail = np.full(series, 0.25, np.float32)
        self.hot, self.told = np.full((2, series), NEVER, np.int32)
        """number of the part that was last unusual, and that last held an unusual sample"""
        self.shifts = Shifts(series, false_pages_per_day)
        self._since = self._until = 0.0
        """between these times no part ends: the common case costs two additions"""

    def step(self, at: Any, x: Floats, part: Any, told: Flags) -> Flags:
        """Judge the hours that ended before `at`; then learn `x`, of which `part` (0 or 1) counts. `told`: flagged by others."""
        flags = told
        if np.ndim(at) or not self._since <= at < self._until:
            now = np.floor_divide(at, self.length).astype(np.int32)
            columns = np.flatnonzero(now != self.part)
            if len(columns):
                flags = told.copy()
                flags[columns] |= self._end(columns, now[columns])
            self._since, self._until = (at, ((now + 1) * self.length).min()) if np.ndim(at) == 0 else (0.0, 0.0)
        if isinstance(part, float):
            self.total += x
        else:
            self.total += x * part
        self.count += part
        if told.any():
            self.told[told] = self.part[told]
        return flags

    def _end(self, columns: Columns, now: npt.NDArray[np.int32]) -> Flags:
        """Close the parts of `columns`; a part without enough samples, or with none, has no mean."""
        part = self.part[columns]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(
                self.count[columns] >= self._enough[columns], self.total[columns] / self.count[columns], np.nan
            )
        self.means[part % ROWS, columns] = mean
        for back in range(1, int(min((now - part).max(), ROWS))):
            missed = part + back < now
            self.means[(part[missed] + back) % ROWS, columns[missed]] = np.nan
        self.part[columns], self.total[columns], self.count[columns] = now, 0, 0
        flags = np.zeros(len(columns), np.bool_)
        for per_day in np.unique(self.per_day[columns]):
            these = np.flatnonzero(self.per_day[columns] == per_day)
            of, ended = columns[these], part[these]
            strange = self._judge(of, ended, int(per_day))
            told = np.maximum(self.told[of], self.hot[of])
            flags[these] = strange | self.shifts.step(of, self.means, ended, int(per_day), told)
        return flags

    def _judge(self, columns: Columns, part: npt.NDArray[np.int32], per_day: int) -> Flags:
        score = self._strangeness(columns, part, per_day)
        known = np.isfinite(score)
        columns, part, score = columns[known], part[known], score[known]
        flags = np.zeros(len(known), np.bool_)
        if len(columns):
            hot = (self._tail(columns, score) > self._deep[columns]) & (self.scored[columns] > _JUDGE_FROM)
            fresh = hot & (part - self.hot[columns].astype(np.int64) > per_day)
            flags[known] = fresh & (part - self.told[columns].astype(np.int64) >= _TOLD)
            self.hot[columns[hot]] = part[hot]
        return flags

    def _strangeness(self, columns: Columns, part: npt.NDArray[np.int32], per_day: int) -> Floats:
        """Logarithm of the mean distance to the two nearest of the same hours of other days; not finite: too little known."""
        together = len(columns) == len(self.part) and bool((part == part[0]).all())
        last = int(part[0]) if together else part

        def mean(back: int) -> Floats:
            rows = (last - back) % ROWS
            found: Floats = self.means[rows] if together else self.means[rows, columns]
            return found

        newest = [mean(back) for back in range(_WIDTH)]
        first = np.full(len(columns), np.inf, np.float32)
        second = first.copy()
        lags = {per_day * day + near for day in range(1, _DAYS + 1) for near in range(-_NEAR, _NEAR + 1)}
        for lag in sorted(lag for lag in lags if lag >= _WIDTH):
            away = sum(np.abs(new - mean(lag + back)) for back, new in enumerate(newest))
            away = np.where(np.isnan(away), np.float32(np.inf), away)
            np.minimum(second, np.maximum(first, away), out=second)
            np.minimum(first, away, out=first)
        distance = (first + second) / np.float32(2 * _WIDTH)
        return np.log(distance + np.abs(newest[0]) * _GRAIN + _TINY)

    def _tail(self, columns: Columns, score: Floats) -> Floats:
        """How deep the score lies in the tail of its past, in mean tail lengths; then learn from it."""
        seen, quantile, length = self.scored[columns], self.quantile[columns], self.tail[columns]
        begun = seen >= _BEGIN
        with np.errstate(invalid="ignore"):
            excess = np.where(begun, score - quantile, 0).astype(np.float32)
        over = excess > 0
        deep: Floats = np.where(over, excess / length, 0).astype(np.float32)
        weight = np.maximum(1 / (seen * (1 - _QUANTILE) + 6), np.float32(1 / 50))
        longer = np.clip(length + weight * (np.minimum(excess, _DEEPEST * length) - length), 0.05, 2.0)
        self.tail[columns] = np.where(over, longer, length)
        rate = np.maximum(0.5 / np.sqrt(seen + 1), 0.02)
        moved = quantile + rate * np.where(over, _QUANTILE, _QUANTILE - 1)
        highest = self.highest[columns]
        self.quantile[columns] = np.where(begun, moved, np.maximum(quantile, np.minimum(highest, score)))
        self.highest[columns] = np.maximum(highest, score)
        self.scored[columns] = seen + 1
        return deep
