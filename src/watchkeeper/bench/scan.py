"""How many points a second the whole detector takes: a fleet of series, one day at 15 seconds, one core."""

import time
from typing import Any

import numpy as np

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.fuse import Together

FLEETS = (1_000, 10_000, 50_000)
_INTERVAL, _DAY = 15.0, 86400.0
_WARM = 1_600
"""Steps until every series has left its first hours, in which more is computed."""
_SIGNALS = 12
"""Series of a service, fused to one answer."""
_MEASURED = 480
"""Two hours: what happens when an hour ends counts too."""


def run(asked: Asked) -> dict[str, Any]:
    """Points a second and bytes a series by size of the fleet; the slope says what a million series cost."""
    rows = []
    for number, series in enumerate(FLEETS, 1):
        rows.append(measured(series))
        asked.progress(number, len(FLEETS))
    slope = rows[-1]["seconds_per_step"] / rows[-1]["series"]
    figures = {
        "benchmark": "scan", "fleets": rows, "core_seconds_a_day_for_a_million_series": round(slope * 1e6 * _DAY / _INTERVAL),
        "gib_for_a_million_series": round(rows[-1]["bytes_per_series"] * 1e6 / 2**30, 2),
    }  # fmt: skip
    write_json(asked.json_out, figures)
    return figures


def measured(series: int) -> dict[str, Any]:
    """One fleet: noise around a level with a daily wave."""
    dice = np.random.default_rng(1)
    noise = dice.normal(0, 5, (64, series)).astype(np.float32)
    detector, fuse = AdaptiveDetector(series, _INTERVAL), Together(np.arange(series) // _SIGNALS)

    def step(n: int) -> None:
        wave = np.float32(20 * np.sin(n * _INTERVAL / _DAY * 2 * np.pi))
        detector.step(n * _INTERVAL, noise[n % 64] + (100 + wave))
        fuse.step(n * _INTERVAL, detector.surprise, detector.shift)

    for n in range(_WARM):
        step(n)
    # The processor's time, not the clock's: a point a second *and core*, whoever else uses the machine. One thread works here.
    began = time.process_time()
    for n in range(_WARM, _WARM + _MEASURED):
        step(n)
    took = (time.process_time() - began) / _MEASURED
    return {
        "series": series, "points_per_second": int(series / took), "seconds_per_step": took,
        "bytes_per_series": round(detector.bytes_per_series + fuse.recent.nbytes / series),
    }  # fmt: skip
