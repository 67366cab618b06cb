"""How good is a model on history without labels? Faults are put into a copy of held-back samples, and pages are counted.

What it flags outside the put-in faults counts as false, though history has true trouble of its own: both models that are compared are
wronged alike.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from watchkeeper.detect.features import standing
from watchkeeper.detect.model import Array, Model

_LASTS = 12
"""Samples a fault stays."""
_HEIGHTS = (8.0, 30.0)
"""Spreads of the hour before by which a fault lifts or lowers the series."""
_FAULTS = 60
_GRACE = 5
_EPISODE = 3600.0


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one back-test."""

    found: float
    """share of the faults put in that were flagged"""
    false_pages_per_series_day: float
    f1: float
    series: int
    samples: int

    def to_json(self) -> dict[str, Any]:
        """For the card."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def back_test(model: Model, before: Array, held: Array, interval: float, seed: int) -> Scores:
    """`before`: the samples that come directly before `held`, for the model's look back. Deterministic for a seed."""
    dice = np.random.default_rng(seed)
    lead = before[-model.lookback :] if model.lookback else before[:0]
    values, faults = broken(np.concatenate([lead, held]), len(lead), dice)
    flags = model.flag(values)[len(lead) :]
    hit = sum(
        bool(flags[begin - len(lead) : begin - len(lead) + _LASTS + _GRACE, column].any()) for begin, column in faults
    )
    for begin, column in faults:
        flags[begin - len(lead) : begin - len(lead) + _LASTS + _GRACE, column] = False
    false = sum(_episodes(flags[:, column], _EPISODE / interval) for column in range(flags.shape[1]))
    days = max(held.size * interval / 86400, 1e-9)
    f1 = 2 * hit / max(2 * hit + false + len(faults) - hit, 1)
    return Scores(hit / max(len(faults), 1), false / days, f1, held.shape[1], held.size)


def broken(values: Array, first: int, dice: np.random.Generator) -> tuple[Array, list[tuple[int, int]]]:
    """A copy with faults in it: (row, column) of each; apart from one another, none before row `first`."""
    out = np.array(values, float)
    _, yard = standing(out)
    faults: list[tuple[int, int]] = []
    free = np.isfinite(yard) & np.isfinite(out)
    free[: max(first, 1)] = False
    free[max(len(out) - _LASTS, 0) :] = False
    for _ in range(_FAULTS):
        rows, columns = np.nonzero(free)
        if not len(rows):
            break
        pick = int(dice.integers(len(rows)))
        row, column = int(rows[pick]), int(columns[pick])
        height = dice.uniform(*_HEIGHTS) * dice.choice((-1.0, 1.0)) * yard[row, column]
        out[row : row + _LASTS, column] += height
        free[max(row - 4 * _LASTS, 0) : row + 5 * _LASTS, column] = False
        faults.append((row, column))
    return out, faults


def _episodes(flags: Array, within: float) -> int:
    places = np.flatnonzero(flags)
    return int(len(places) and 1 + (np.diff(places) > within).sum())


def not_worse(candidate: Scores, current: Scores | None) -> bool:
    """May it take the place of the current one, tried on the same samples? A hundredth is chance."""
    return current is None or candidate.f1 >= current.f1 - 0.01
