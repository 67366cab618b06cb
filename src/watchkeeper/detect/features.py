"""What a pooled model sees of a sample: where it lies against the hour before it, in units of that hour's own spread.

Free of scale, so that one model serves every series. Each row depends on the `LOOKBACK` samples before it alone.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[Any]
_WINDOW, _SHORT, _LONGER = 60, 5, 15
WINDOW = _WINDOW + 1
"""Samples that a standing depends on."""
LOOKBACK = WINDOW + _LONGER
_LEAST = 10
_GRAIN = 5e-3
"""Least spread as a share of the level: for constant and rounded series."""
_CALM = (1.0, 4.0)
"""Spread and range of the last samples below which nothing is told apart: being constant is not unusual."""
NAMES = ("from the hour", "last five from the hour", "step", "spread", "range")


def standing(values: Array) -> tuple[Array, Array]:
    """values[sample, series] to (distance from the median of the hour before, in its spreads; that spread). NaN: unknown."""
    frame = pl.DataFrame(np.asarray(values, float), schema=[str(n) for n in range(values.shape[1])]).fill_nan(None)
    every = pl.all()
    middle = frame.select(every.rolling_median(_WINDOW, min_samples=_LEAST).shift(1))
    away = pl.DataFrame({c: (frame[c] - middle[c]).abs() for c in frame.columns})
    spread = away.select(pl.all().rolling_median(_WINDOW, min_samples=_LEAST).shift(1) * 1.4826)
    steps = frame.select(pl.all().diff().abs().rolling_mean(_WINDOW, min_samples=_LEAST).shift(1))
    m, s, d = (np.asarray(x.fill_null(np.nan).to_numpy(), float) for x in (middle, spread, steps))
    yard = np.fmax(s, d) + np.abs(m) * _GRAIN + 1e-9
    return (np.asarray(values, float) - m) / yard, yard


def features(values: Array) -> Array:
    """[sample, series] to [sample, series, feature]; rows that cannot be judged are NaN."""
    z, _ = standing(values)
    frame = pl.DataFrame(z, schema=[str(n) for n in range(z.shape[1])]).fill_nan(None)
    columns = (
        frame,
        frame.select(pl.all().rolling_mean(_SHORT, min_samples=1)),
        frame.select(pl.all() - pl.all().shift(1)),
        frame.select(pl.all().rolling_std(_LONGER, min_samples=2).clip(_CALM[0])),
        frame.select(
            (pl.all().rolling_max(_LONGER, min_samples=1) - pl.all().rolling_min(_LONGER, min_samples=1)).clip(_CALM[1])
        ),
    )
    return np.stack([squeezed(c.fill_null(np.nan).to_numpy()) for c in columns], axis=2)


def squeezed(z: Array) -> Array:
    """Distances by their logarithm with the sign kept: a hundred spreads are not a hundred times one."""
    out: Array = np.sign(z) * np.log1p(np.abs(z))
    return out
