"""The band of request rates on held-back days of made-up traffic, by pinball loss beside the same time last week."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.bench._life import METRICS, MINUTES, lived
from watchkeeper.detect.band import QUANTILES, STEP, foretold, gridded, pinball

SEEDS = (1, 2, 3)
SERVICES, HISTORY, HELD = 20, 28, 7


def run(asked: Asked, *, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Each held-back day is foretold at midnight from the 28 days before it."""
    began = time.monotonic()
    rows = []
    for number, seed in enumerate(seeds, 1):
        rows.append(scored(seed, SERVICES, HISTORY, HELD))
        asked.progress(number, len(seeds))
    figures = {
        "benchmark": "band",
        "services": SERVICES,
        "days_held_back": HELD,
        "seeds": rows,
        "seconds": round(time.monotonic() - began, 1),
    }
    write_json(asked.json_out, figures)
    return figures


def scored(seed: int, services: int, history: int, held: int) -> dict[str, Any]:
    """Losses are shares of the service's own mean rate, so that large services do not drown small ones."""
    life = lived(seed, services, history + held)
    workload, times = life.values[:, :, METRICS.index("workload")], life.times
    ours: list[float] = []
    naive: list[float] = []
    wide: list[float] = []
    inside: list[float] = []
    for service in range(services):
        values = workload[:, service]
        grid, _ = gridded(times, values, times[-1] + 60)
        mean = float(np.nanmean(grid))
        for day in range(history, history + held):
            now = float(times[0]) + day * 86400
            band = foretold(times[: day * MINUTES], values[: day * MINUTES], now)
            assert band is not None
            slots = round(86400 / STEP)
            actual, week = grid[day * slots : (day + 1) * slots], grid[(day - 7) * slots : (day - 6) * slots]
            spread = _spread(grid[: day * slots], slots)
            told = (band.low, band.middle, band.high)
            ours.append(float(np.mean([pinball(actual, t, q) for t, q in zip(told, QUANTILES, strict=True)])) / mean)
            naive.append(float(np.mean([pinball(actual, week, q) for q in QUANTILES])) / mean)
            wide.append(
                float(np.mean([pinball(actual, week * r, q) for r, q in zip(spread, QUANTILES, strict=True)])) / mean
            )
            inside.append(float(np.nanmean((actual >= band.low) & (actual <= band.high))))
    return {
        "seed": seed, "pinball": round(_mean(ours), 4), "last_week": round(_mean(naive), 4),
        "last_week_with_its_own_band": round(_mean(wide), 4), "coverage_of_80": round(_mean(inside), 3),
    }  # fmt: skip


def _spread(grid: Any, slots: int) -> Any:
    """Quantiles of this week over last week on the history: the same-time-last-week forecast made as good as it can be."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = grid[7 * slots :] / grid[: -7 * slots]
    return np.quantile(ratio[np.isfinite(ratio)], QUANTILES)


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values))
