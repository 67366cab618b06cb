"""When will a limit be reached? About half an hour to an hour ahead, for memory, disks, pools, queues.

Three witnesses, each sees only the past of the moment it speaks of:

* trend: straight lines through the last 30, 60 and 120 minutes all rise, beyond what their scatter allows, and all reach the
  limit, less the scatter, within fifty minutes. A line that the last half hour does not confirm is not believed, nor one that
  ends far from where the series is: that was a step, not a slope;
* excursions: on three of ten occasions in the last two days the series rose further within 45 minutes than is left now;
* a touch: one sample reaches the limit, from a level that in the last day was never left for even half of the way. Where the
  limit is met for a moment out of the blue it is met for good soon after; a series that often comes near only stays as it is.

The first two must last three minutes.

Whoever cried wolf is believed less: after a warning the series is silent for 90 minutes, then three times as long.
Cost: O(samples) for the trend, O(samples log day) for the excursions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]

_LINES = (30, 60, 120)
"""Minutes that the lines go through."""
_HORIZON, _EXCURSION, _MEMORY = 50.0, 45, 2880
"""Minutes: how far a line is followed, over what time a rise is measured, and how long rises are remembered."""
_CLEAR = 4.0
"""Standard errors that a slope must exceed."""
_SCATTER = 2.0
"""Standard deviations around the line that reach the limit before the line does."""
_LASTING = 3
"""Minutes that the lines must agree."""
_BESIDE = 0.5
"""Share of what is left to the limit that a line may end away from the series."""
_MOST = 0.7
"""Share of the rises that stay below the usual one."""
_LEAST_KNOWN = 30
_SILENT, _DOUBT = 90, 3
_DAY, _NEAR, _TOUCHED = 1440, 0.5, 30.0
"""Minutes remembered of a touch's past, the part of the way that counts as near, and minutes from a touch to the limit's end."""
_KNOWN = 60
"""Minutes that must be known before a touch says anything."""
_SOONEST = 5.0
"""Minutes: a limit that is not reached yet is not forecast for less."""
_EARLY, _LATE = 0.6, 2.4
"""Between these multiples of the forecast four of five crossings came (docs/explanation/detection.md)."""


@dataclass(frozen=True, slots=True)
class Crossings:
    """For every sample. `left`: seconds until the limit is reached as it looks then, NaN where nothing points to it."""

    warned: npt.NDArray[np.bool_]
    left: Array
    earliest: Array
    latest: Array


def crossings(values: npt.NDArray[Any], limit: float, interval: float) -> Crossings:
    """Warnings along a series that must stay below `limit`. `interval`: seconds between samples.

    For a limit from above, negate both. Gaps (NaN) are carried forward.
    """
    per_minute = 60.0 / interval
    smooth = _rolling_median(_filled(values), max(round(3 * per_minute), 1))
    lines = [_by_line(smooth, limit, max(round(m * per_minute), 4)) for m in _LINES]
    left, ends = np.stack([left for left, _ in lines]) / per_minute, np.stack([end for _, end in lines])
    level = _rolling_median(_filled(values), max(round(10 * per_minute), 1))
    sloped = np.abs(ends - level).max(axis=0) < _BESIDE * np.abs(limit - level)
    lasting = max(round(_LASTING * per_minute), 1)
    agreed = _lasting(np.all(left < _HORIZON, axis=0) & sloped, lasting)
    trend = np.median(np.where(np.isfinite(left), left, np.inf), axis=0)
    rise, room = _excursions(_filled(values), limit, per_minute)
    by_rise = np.where(rise > 0, _EXCURSION * room / np.where(rise > 0, rise, 1.0), np.inf)
    likely = _lasting(by_rise < _EXCURSION, lasting)
    touched = _touches(_filled(values), level, limit, per_minute)
    by_touch = np.where(touched, _TOUCHED, np.nan)
    minutes = np.maximum(np.where(agreed, trend, np.where(likely, by_rise, by_touch)), _SOONEST)
    minutes = np.where(room <= 0, 0.0, minutes)
    warned = _seldom(agreed | likely | touched, max(round(_SILENT * per_minute), 1))
    return Crossings(warned, minutes * 60, minutes * 60 * _EARLY, minutes * 60 * _LATE)


def _by_line(values: Array, limit: float, width: int) -> tuple[Array, Array]:
    """The least-squares line through the last `width`: samples until it reaches the limit less its scatter (inf: never), its end."""
    n = len(values)
    base = values[0] if n else 0.0
    y, place = values - base, np.arange(n, dtype=float)
    sums = [np.concatenate([[0.0], np.cumsum(a)]) for a in (y, y * place, y * y)]
    end = np.arange(1, n + 1)
    begin = np.maximum(end - width, 0)
    m = (end - begin).astype(float)
    total, product, squares = (s[end] - s[begin] for s in sums)
    middle, mean = (begin + end - 1) / 2.0, total / m
    spread = np.maximum(m * (m * m - 1) / 12.0, 1e-9)
    slope = (product - middle * total) / spread
    scatter = np.sqrt(np.maximum(squares - m * mean**2 - slope**2 * spread, 0.0) / np.maximum(m - 2, 1))
    now = base + mean + slope * (end - 1 - middle)
    clear = (slope > _CLEAR * scatter / np.sqrt(spread)) & (slope > 0) & (m >= 0.9 * width)
    ahead = (limit - now - _SCATTER * scatter) / np.where(slope > 0, slope, 1.0)
    return np.where(clear & (ahead > 0), ahead, np.where(clear & (limit > now), 0.0, np.inf)), now


def _excursions(values: Array, limit: float, per_minute: float) -> tuple[Array, Array]:
    """The rise within `_EXCURSION` minutes that most moments of the last two days saw, and what is left to the limit."""
    ahead, memory = max(round(_EXCURSION * per_minute), 1), max(round(_MEMORY * per_minute), 2)
    smooth = _rolling_median(values, max(round(5 * per_minute), 1))
    level = _rolling_median(smooth, max(round(15 * per_minute), 1))
    if len(values) <= ahead:
        return np.zeros(len(values)), limit - level
    coming = pl.Series(smooth[::-1]).rolling_max(ahead, min_samples=1).to_numpy()[::-1]
    rise = np.concatenate([coming[1:], [np.nan]]) - level
    # Known only when its time is over.
    known = pl.Series(np.concatenate([np.full(ahead, np.nan), rise[:-ahead]])).fill_nan(None)
    usual = known.rolling_quantile(_MOST, interpolation="linear", window_size=memory, min_samples=_LEAST_KNOWN)
    return usual.fill_null(0.0).to_numpy(), limit - level


def _touches(values: Array, level: Array, limit: float, per_minute: float) -> npt.NDArray[np.bool_]:
    """Samples at the limit of a series that did not come near it before. `level`: where the series is, of each sample."""
    before = pl.Series(values).shift(1).rolling_max(max(round(_DAY * per_minute), 2), min_samples=1).to_numpy()
    known = np.arange(len(values)) >= _KNOWN * per_minute
    with np.errstate(invalid="ignore"):
        touched: npt.NDArray[np.bool_] = (values >= limit) & (before < level + _NEAR * (limit - level)) & known
    return touched


def _lasting(raised: npt.NDArray[Any], width: int) -> npt.NDArray[np.bool_]:
    """Raised at each of the last `width` samples."""
    count = np.cumsum(raised)
    before = np.concatenate([np.zeros(width, dtype=count.dtype), count[:-width]]) if len(count) > width else 0 * count
    lasting: npt.NDArray[np.bool_] = (count - before) >= width
    return lasting


def _rolling_median(values: Array, width: int) -> Array:
    return pl.Series(values).rolling_median(width, min_samples=1).to_numpy()


def _filled(values: npt.NDArray[Any]) -> Array:
    filled = pl.Series(np.asarray(values, dtype=float)).fill_nan(None).fill_null(strategy="forward")
    return filled.fill_null(strategy="backward").fill_null(0.0).to_numpy()


def _seldom(raised: npt.NDArray[np.bool_], silent: int) -> npt.NDArray[np.bool_]:
    """The first of each episode only, ever more seldom."""
    out = np.zeros(len(raised), bool)
    until = 0
    for place in np.flatnonzero(raised):
        if place >= until:
            out[place] = True
            until, silent = int(place) + silent, silent * _DOUBT
    return out
