"""The adaptive detector: is this sample unlike anything the series did before? Streaming, vectorised over series.

Three heads look at every sample:

* step: how far it lies from the level of the last few samples, against the usual distance;
* season: how far it lies from what this time of day usually brings (and the last hours' offset from it);
* record: how far it lies outside everything seen, against that range.

A sample is unusual when it breaks a record clearly, or when step *and* season both lie in the outermost tail of their own
past. The tails are fitted per series (Pareto beyond a running quantile), so that spiky series are allowed their spikes: the
one knob is how many false pages a series may cause in a day. A sample is judged before it is learnt from; gaps (NaN) are
neither judged nor learnt. State: about 1.6 KiB a series. Cost: O(series) a step.
"""

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.hours import Hours
from watchkeeper.detect.shifts import Shifts

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

BINS = 288
"""Parts of a day with a memory of their own: five minutes each."""
_DAY = 86400
_LEVEL, _OFFSET, _PROFILE = 0.3, 0.05, 0.03
"""Weights of a new sample in the level, the offset from the season, and the season."""
_CLIP = 4.0
"""Usual distances beyond which a residual teaches no more: an outlier must not widen its own yardstick."""
_QUANTILE = 0.95
_DEEPEST = 8.0
"""Mean tail lengths beyond which an exceedance teaches no more."""
_CHANCE = 0.003
"""Tail probability a sample, for one false page a day, where samples are at most five minutes apart: closer ones are one chance."""
_ONE_CHANCE = 300.0
_LEAST = 4.0
"""Usual distances that are never unusual, however calm the tail."""
_OF_RECORD = 0.3
"""Part of the largest distance of late below which nothing is unusual."""
_FORGET_RECORD = 1e-4
_RECORD = 6.0
"""Tail lengths a broken record counts for, where metrics are added up."""
_NOT_DAILY = 1.6
"""Tail lengths from the season that a record must have too: what every day brings breaks none."""
_JUDGE_FROM, _RECORD_FROM = 20, 50
"""Samples of a series before it is judged."""
_TINY = np.float32(1e-9)
_GRAIN = np.float32(1e-3)
"""Least usual distance, as a share of the level: for constant and rounded series."""
_ARRAYS = (
    "seen", "level", "usual_step", "offset", "usual_season", "profile", "profile_seen", "top", "bottom", "record",
    "step_quantile", "step_tail", "season_quantile", "season_tail",
)  # fmt: skip


class AdaptiveDetector:
    """Many series at once. `interval`: seconds between samples, one for all or one a series."""

    def __init__(self, series: int, interval: float | npt.NDArray[Any], false_pages_per_day: float = 0.1) -> None:
        self.series = series
        self.interval = np.broadcast_to(np.asarray(interval, dtype=np.float32), (series,)).copy()
        self.false_pages_per_day = false_pages_per_day
        coarse = np.maximum(self.interval, _ONE_CHANCE) / _ONE_CHANCE
        self._deep = np.log((1 - _QUANTILE) / np.minimum(_CHANCE * false_pages_per_day * coarse, 0.04)).astype(
            np.float32
        )
        self._clear = np.float32(max((0.1 / false_pages_per_day) ** 0.25, 0.3))
        self._slow = np.clip(1 - np.exp(-self.interval / _DAY), 1 / 500, 1 / 50).astype(np.float32)
        self.seen = np.zeros(series, np.float32)
        self.level = np.zeros(series, np.float32)
        self.usual_step = np.zeros(series, np.float32)
        self.offset = np.zeros(series, np.float32)
        self.usual_season = np.zeros(series, np.float32)
        self.profile = np.zeros((BINS, series), np.float32)
        self.profile_seen = np.zeros((BINS, series), np.uint8)
        self.top = np.full(series, -np.inf, np.float32)
        self.bottom = np.full(series, np.inf, np.float32)
        self.record = np.zeros(series, np.float32)
        self.step_quantile, self.season_quantile = np.ones((2, series), np.float32)
        self.step_tail, self.season_tail = np.full((2, series), 0.3, np.float32)
        self.hours = Hours(series, self.interval, false_pages_per_day)
        self.surprise = np.zeros(series, np.float32)
        """of the newest sample, without the hours: how deep it lies in both tails; the chance falls by e with each unit"""

    @property
    def shift(self) -> Floats:
        """How far the last half day lies from what is usual, in usual distances (`shifts`)."""
        return self.hours.shifts.size

    def step(self, at: float | npt.NDArray[Any], values: npt.NDArray[Any]) -> Flags:
        """One sample of every series (NaN: none), taken at unix seconds `at` (one for all, or one a series)."""
        x = np.asarray(values, np.float32)
        known = np.isfinite(x)
        every = bool(known.all())
        young = bool((self.seen < _DAY / 60).any())
        if not every:
            x = np.where(known, x, self.level)
        if young:
            first = known & (self.seen == 0)
            if first.any():
                self.level[first] = x[first]
        bins, here = self._bin(at)
        season = self.profile[bins, here] if here is not None else self.profile[bins]
        count = self.profile_seen[bins, here] if here is not None else self.profile_seen[bins]
        familiar = count > 0

        move = x - self.level
        distance = np.abs(move)
        from_season = np.where(familiar, x - season - self.offset, move)
        season_distance = np.minimum(np.abs(from_season), self._from_neighbours(x, bins, here))
        floor = np.abs(self.level) * _GRAIN + _TINY
        step_yard, season_yard = self.usual_step + floor, self.usual_season + floor
        step_score, season_score = distance / step_yard, season_distance / season_yard
        if young or not every:
            judged = known & (self.seen > _JUDGE_FROM)
            step_score, season_score = np.where(judged, step_score, 0), np.where(judged, season_score, 0)

        extent = self.top - self.bottom
        outside = np.maximum(x - self.top, self.bottom - x)
        flags = outside > self._clear * (extent * np.float32(0.1) + step_yard)
        if young or not every:
            flags &= known & (self.seen > _RECORD_FROM)
        both = np.minimum(step_score, season_score)
        from_level, from_day = self._tail("step", step_score, young), self._tail("season", season_score, young)
        flags &= from_day > _NOT_DAILY
        far = (both > _LEAST) & (both > _OF_RECORD * self.record)
        self.surprise = np.minimum(from_level, from_day) * far
        broken = np.flatnonzero(flags)
        flags |= self.surprise > self._deep
        self.surprise[broken] = np.maximum(self.surprise[broken], _RECORD)

        self._learn(x, known, every, young, move, distance, from_season, season_distance, step_yard, season_yard)
        self._learn_season(x, known, bins, here, season, count, familiar, season_yard)
        ceiling = np.maximum(3 * self.record, 10.0)
        np.maximum(self.record * np.float32(1 - _FORGET_RECORD), np.minimum(both, ceiling), out=self.record)
        found: Flags = self.hours.step(at, x, 1.0 if every else known.astype(np.float32), flags)
        return found

    def _from_neighbours(self, x: Floats, bins: Any, here: Any) -> Floats:
        """Distance from what the five minutes before and after usually bring: daily jobs do not start on the second."""
        nearest = np.full(self.series, np.inf, np.float32)
        for near in ((bins - 1) % BINS, (bins + 1) % BINS):
            row = self.profile[near, here] if here is not None else self.profile[near]
            count = self.profile_seen[near, here] if here is not None else self.profile_seen[near]
            np.minimum(nearest, np.where(count > 1, np.abs(x - row - self.offset), np.float32(np.inf)), out=nearest)
        return nearest

    def _bin(self, at: float | npt.NDArray[Any]) -> tuple[Any, Any]:
        """Row of the profile, and the columns where each series has its own row."""
        if np.ndim(at) == 0:
            return int(float(at) // (_DAY / BINS)) % BINS, None
        return (np.asarray(at) // (_DAY // BINS)).astype(np.int64) % BINS, np.arange(self.series)

    def _tail(self, head: str, score: npt.NDArray[Any], young: bool) -> Floats:
        """How deep the score lies in the tail of its past, in mean tail lengths (e-folds of probability); then learn from it."""
        quantile, tail = getattr(self, f"{head}_quantile"), getattr(self, f"{head}_tail")
        deep = np.zeros(self.series, np.float32)
        over = np.flatnonzero(score > quantile)
        if len(over):
            depth = np.log(score[over] / quantile[over])
            length = tail[over]
            deep[over] = depth / length
            weight = np.maximum(1 / (self.seen[over] * (1 - _QUANTILE) + 5), 1 / 200)
            tail[over] = np.clip(length + weight * (np.minimum(depth, _DEEPEST * length) - length), 0.05, 2.0)
        rate = np.maximum(0.5 / np.sqrt(self.seen + 1), 0.01) if young else np.float32(0.01)
        down = np.exp(-(1 - _QUANTILE) * rate).astype(np.float32)
        up = np.exp(rate).astype(np.float32)
        quantile *= np.where(score > 0, down, np.float32(1)) if young else down
        quantile[over] *= up[over] if young else up
        return deep

    def _learn(
        self, x: Floats, known: Flags, every: bool, young: bool, move: Floats, distance: Floats, from_season: Floats,
        season_distance: Floats, step_yard: Floats, season_yard: Floats,
    ) -> None:  # fmt: skip
        slow: Any = np.maximum(1 / (self.seen + 1), self._slow) if young else self._slow
        step_most, season_most = _CLIP * step_yard, _CLIP * season_yard
        if young:
            fresh = self.seen <= _JUDGE_FROM
            step_most = np.where(fresh, distance, step_most)
            season_most = np.where(fresh, season_distance, season_most)
        part: Any = 1.0 if every else known.astype(np.float32)
        self.usual_step += part * slow * (np.minimum(distance, step_most) - self.usual_step)
        self.usual_season += part * slow * (np.minimum(season_distance, season_most) - self.usual_season)
        self.level += np.float32(_LEVEL) * part * move
        extent = self.top - self.bottom
        if young:
            extent = np.where(np.isfinite(extent), extent, np.float32(0))
        fade = np.float32(_FORGET_RECORD) * extent
        if every:
            np.maximum(self.top - fade, x, out=self.top)
            np.minimum(self.bottom + fade, x, out=self.bottom)
        else:
            self.top = np.where(known, np.maximum(self.top - fade, x), self.top)
            self.bottom = np.where(known, np.minimum(self.bottom + fade, x), self.bottom)
        self.seen += part

    def _learn_season(
        self, x: Floats, known: Flags, bins: Any, here: Any, season: Floats, count: Any, familiar: Flags, yard: Floats
    ) -> None:
        residual = x - season - self.offset
        calm = _CLIP * yard
        usual = familiar & known
        weight = np.maximum(1 / (count.astype(np.float32) + 1), np.float32(_PROFILE))
        moved = season + weight * np.clip(residual, -_CLIP * calm, _CLIP * calm)
        row = np.where(known, np.where(familiar, moved, x - self.offset), season)
        seen = np.where(known, np.minimum(count, 254) + 1, count).astype(np.uint8)
        if here is None:
            self.profile[bins], self.profile_seen[bins] = row, seen
        else:
            self.profile[bins, here], self.profile_seen[bins, here] = row, seen
        self.offset += np.where(usual, np.float32(_OFFSET) * np.clip(residual, -calm, calm), np.float32(0))

    def state(self) -> bytes:
        """Everything learnt, for a restart."""
        out = io.BytesIO()
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS}
        arrays |= {f"hours_{name}": getattr(self.hours, name) for name in Hours.ARRAYS}
        arrays |= {f"shifts_{name}": getattr(self.hours.shifts, name) for name in Shifts.ARRAYS}
        np.savez(out, interval=self.interval, false_pages=np.float64(self.false_pages_per_day), **arrays)
        return out.getvalue()

    @classmethod
    def restored(cls, state: bytes) -> "AdaptiveDetector":
        """A detector that goes on where `state` was taken. Never unpickles."""
        with np.load(io.BytesIO(state), allow_pickle=False) as stored:
            detector = cls(len(stored["seen"]), stored["interval"], float(stored["false_pages"]))
            for name in _ARRAYS:
                setattr(detector, name, stored[name])
            for name in Hours.ARRAYS:
                setattr(detector.hours, name, stored[f"hours_{name}"])
            for name in Shifts.ARRAYS:
                setattr(detector.hours.shifts, name, stored[f"shifts_{name}"])
        return detector

    @property
    def bytes_per_series(self) -> float:
        """Size of the state."""
        arrays = [getattr(self, n) for n in _ARRAYS] + [getattr(self.hours, n) for n in Hours.ARRAYS]
        arrays += [getattr(self.hours.shifts, n) for n in Shifts.ARRAYS]
        return float(sum(a.nbytes for a in arrays)) / max(self.series, 1)
