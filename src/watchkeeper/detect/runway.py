"""How long until something runs out, where plain arithmetic says it: days ahead by comparing with the same hour of the day before,
certificates, and the error budget. Seconds; a range is meant to hold four times of five."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_DAY = 86400.0
_RANGE = (0.1, 0.5, 0.9)
_LEAST = 24
"""Hours that must have an hour a day before them."""
FURTHEST = 14 * _DAY
"""What lies further ahead is no forecast."""
BUDGET_DAYS = 30
_FAST = 6.0
"""Times the rate that would just use up the budget, from which on its end is worth telling."""


@dataclass(frozen=True, slots=True)
class Runway:
    """Seconds from now."""

    earliest: float
    expected: float
    latest: float


def days_ahead(times: Array, values: Array, limit: float) -> Runway | None:
    """From how far each hour lies above the same hour a day before: whatever every day brings cancels.

    None where the series does not rise, where it rises and falls, where fewer than two days are known, or further than two weeks ahead.
    """
    hours, level = _hourly(times, values)
    if not len(hours):
        return None
    before = {int(h): v for h, v in zip(hours, level, strict=True)}
    pairs = [(v, before[int(h) - 24]) for h, v in zip(hours, level, strict=True) if int(h) - 24 in before]
    if len(pairs) < _LEAST:
        return None
    grown = np.array([now - then for now, then in pairs])
    slow, usual, fast = np.quantile(grown, _RANGE)
    # The day's own wave may lift the level before the limit is met for good.
    top = float(np.max(level[-24:]))
    room = limit - top
    if slow <= 0 or room <= 0 or usual < 0.002 * abs(limit):
        return None
    expected = room / usual * _DAY
    return Runway(room / fast * _DAY, expected, room / slow * _DAY) if expected <= FURTHEST else None


def budget(error_rates: Array, objective: float) -> Runway | None:
    """When a fresh budget of 30 days is gone at the error rate (percent) of these samples; `objective` in percent.

    None where it is not used up fast, or only at moments.
    """
    known = error_rates[np.isfinite(error_rates)]
    allowed = 100.0 - objective
    if len(known) < 10 or allowed <= 0:
        return None
    slow, usual, fast = np.quantile(known / allowed, _RANGE)
    if usual < _FAST or slow <= 1:
        return None
    whole = BUDGET_DAYS * _DAY
    return Runway(whole / fast, whole / usual, whole / slow)


def _hourly(times: Array, values: Array) -> tuple[Array, Array]:
    """Numbers of hours since 1970 and the median of each."""
    known = np.isfinite(values)
    hours = (np.asarray(times)[known] // 3600).astype(np.int64)
    found = np.unique(hours)
    held = np.asarray(values, float)[known]
    return found, np.array([np.median(held[hours == h]) for h in found])
