"""The request rate of the next day as a band: a day and a week profile, the level of late, and the errors such forecasts made.

On a grid of a quarter of an hour, in logarithms (traffic grows and falls by shares). The profile of a slot is what that slot of the
week brought, weeks long ago counting less, drawn towards what the slot brings on any working day (or weekend day) while weeks are
few. The forecast is the profile, moved by how far the last day lay from it, and for the first hours by how far the last two hours
did. The band holds the errors of exactly this rule on the history, each day forecast from the days before it. Pure numpy.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

STEP = 900.0
QUANTILES = (0.1, 0.5, 0.9)
_DAY, _WEEK = 96, 672
_HALF_LIFE = 2.0
"""Weeks after which a week counts half."""
_PRIOR = 1.0
"""Weeks that the profile of any such day is worth."""
_RECENT, _FADE = 8, 12.0
"""Slots that say where we are now, and slots over which that is forgotten (1/e)."""
_LEAST_DAYS = 2
_GRAIN = 0.02
"""Added to the rate, as a share of its median, before the logarithm: nights may have no requests."""
_LEADS = (0, 4, 16, 96)
"""Slots ahead that share a distribution of errors."""
_ORIGINS = 21
"""Days of the history that are forecast again to learn the errors."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """times (unix seconds) of the middle of each quarter of an hour; low and high hold four times of five."""

    times: Array
    low: Array
    middle: Array
    high: Array
    days: float
    """of history it rests on"""


def foretold(times: Array, values: Array, now: float, slots: int = _DAY) -> Band | None:
    """The next `slots` quarters of an hour from the samples before `now`; None with less than two days of them."""
    grid, first = gridded(times, values, now)
    known = np.isfinite(grid)
    if known.sum() < _LEAST_DAYS * _DAY:
        return None
    shift = _GRAIN * float(np.median(grid[known])) + 1e-6
    logs = np.log(np.maximum(grid, 0) + shift)
    middle = _forecast(logs, first, slots)
    errors = _errors(logs, first)
    low, mid, high = (middle + _by_lead(errors, q, slots) for q in QUANTILES)
    ahead = (first + len(grid) + np.arange(slots) + 0.5) * STEP
    back = [np.maximum(np.exp(x) - shift, 0.0) for x in (low, mid, high)]
    return Band(ahead, back[0], back[1], back[2], round(float(known.sum()) / _DAY, 2))


def gridded(times: Array, values: Array, now: float) -> tuple[Array, int]:
    """Means by quarter of an hour up to the last whole one before `now`, NaN where there is no sample; number of the first."""
    known = np.isfinite(values) & (times < now)
    times, values = np.asarray(times)[known], np.asarray(values, float)[known]
    if not len(times):
        return np.zeros(0), 0
    slot = (times // STEP).astype(np.int64)
    first, last = int(slot[0]), int(now // STEP) - 1
    inside = slot <= last
    size = max(last - first + 1, 0)
    count = np.bincount(slot[inside] - first, minlength=size)
    total = np.bincount(slot[inside] - first, values[inside], minlength=size)
    with np.errstate(invalid="ignore"):
        return total / np.where(count > 0, count, np.nan), first


def _forecast(logs: Array, first: int, slots: int) -> Array:
    """The middle of the next slots after the end of `logs`."""
    end = first + len(logs)
    back = np.arange(end - _DAY, end + slots)
    usual = _profile(logs, first, back)
    away = logs[-_DAY:] - usual[:_DAY] if len(logs) >= _DAY else np.zeros(1)
    day = _mean(away)
    late = _mean(away[-_RECENT:]) if np.isfinite(away[-_RECENT:]).any() else day
    moved: Array = usual[_DAY:] + day + (late - day) * np.exp(-np.arange(slots) / _FADE)
    return moved


def _profile(logs: Array, first: int, wanted: Array) -> Array:
    """What these slots (numbers since 1970) usually bring."""
    number = first + np.arange(len(logs))
    age = (first + len(logs) - number) / _WEEK
    weight = np.where(np.isfinite(logs), 0.5 ** (age / _HALF_LIFE), 0.0)
    y = np.nan_to_num(logs)
    by_week, week_weight = _smooth(y, weight, number % _WEEK, _WEEK)
    kind = number % _DAY + _DAY * _weekend(number)
    by_day, day_weight = _smooth(y, weight, kind, 2 * _DAY)
    other, other_weight = _smooth(y, weight, number % _DAY, _DAY)
    day = by_day[wanted % _DAY + _DAY * _weekend(wanted)]
    has = day_weight[wanted % _DAY + _DAY * _weekend(wanted)]
    any_day = np.where(other_weight > 0, other, _mean(logs))[wanted % _DAY]
    prior = np.where(has > 0, day, any_day)
    n = week_weight[wanted % _WEEK]
    out: Array = (n * by_week[wanted % _WEEK] + _PRIOR * prior) / (n + _PRIOR)
    return out


def _smooth(y: Array, weight: Array, slot: Array, size: int) -> tuple[Array, Array]:
    """Weighted mean by slot, neighbours helping a little; and the weight of the slot itself."""
    total, mass = np.bincount(slot, weight * y, minlength=size), np.bincount(slot, weight, minlength=size)
    near = [np.roll(total, k) for k in (-1, 1)], [np.roll(mass, k) for k in (-1, 1)]
    whole, heavy = total + 0.5 * sum(near[0]), mass + 0.5 * sum(near[1])
    return whole / np.where(heavy > 0, heavy, 1.0), np.where(heavy > 0, np.maximum(mass, 1e-9), 0.0)


def _weekend(number: Array) -> Array:
    """1 on Saturday and Sunday, UTC (1 January 1970 was a Thursday)."""
    return ((number // _DAY + 3) % 7 >= 5).astype(np.int64)


def _errors(logs: Array, first: int) -> list[Array]:
    """By group of leads: actual less forecast, each origin from what lay before it."""
    found: list[list[Array]] = [[] for _ in _LEADS[1:]]
    begin = max(_LEAST_DAYS * _DAY, len(logs) - _ORIGINS * _DAY)
    for origin in range(begin, len(logs) - _DAY + 1, _DAY // 2):
        gone = logs[origin : origin + _DAY] - _forecast(logs[:origin], first, _DAY)
        for group, (a, b) in enumerate(pairwise(_LEADS)):
            found[group].append(gone[a:b][np.isfinite(gone[a:b])])
    return [np.concatenate(f) if f else np.zeros(0) for f in found]


def _by_lead(errors: list[Array], quantile: float, slots: int) -> Array:
    out = np.zeros(slots)
    for group, (a, b) in enumerate(pairwise(_LEADS)):
        known = errors[group]
        # Without a single day forecast before, a third either way is an honest guess.
        guess = {0.1: -0.35, 0.5: 0.0, 0.9: 0.35}[quantile]
        out[a : b if b < _LEADS[-1] else slots] = float(np.quantile(known, quantile)) if len(known) > 20 else guess
    return out


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def pinball(actual: Array, told: Array, quantile: float) -> float:
    """Mean loss of a told quantile; NaN in `actual` is left out."""
    gone = actual - told
    return float(np.nanmean(np.maximum(quantile * gone, (quantile - 1) * gone)))
