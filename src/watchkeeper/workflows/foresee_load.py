"""The request rate of a workload over the next 24 hours as a band: what repairs and auto-scaling may read."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from watchkeeper.detect.band import Band, foretold
from watchkeeper.domain.evidence import Series, Signal, Window
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.port import Scope
from watchkeeper.workflows.house import House
from watchkeeper.workflows.sightings import iso

_WEEKS = timedelta(days=28)
_STEP = 900.0


async def load_band(house: House, service: str, hours: int = 24) -> Band | None:
    """Requests a second by quarters of an hour; None with less than two days of history. Prometheus is asked one question."""
    now = house.clock.now()
    sources = [s for s in house.sources if Signal.METRICS in s.signals]
    scope = Scope(Window(now - _WEEKS, now, now), (), service, metrics=("workload",), step=_STEP)
    readings = await read_all(sources, scope)
    series = [s for r in readings for s in r.metrics if s.service == service and s.metric == "workload"]
    return await asyncio.to_thread(_band, series, now.timestamp(), hours * 4)


def _band(series: Sequence[Series], now: float, slots: int) -> Band | None:
    if not series:
        return None
    times = np.unique(np.concatenate([s.times for s in series]))
    total = np.full(len(times), np.nan)
    for one in series:
        place = np.searchsorted(times, one.times)
        total[place] = np.where(np.isfinite(total[place]), total[place], 0) + one.values
    return foretold(times, total, now, slots)


def band_to_json(service: str, band: Band | None) -> Mapping[str, Any]:
    """For the API; `band` is empty where too little is known, with the reason."""
    if band is None:
        return {
            "service": service,
            "unit": "requests/s",
            "band": [],
            "because": "less than two days of its request rate are known",
        }
    rows = zip(band.times, band.low, band.middle, band.high, strict=True)
    return {
        "service": service, "unit": "requests/s", "coverage": 0.8, "days_of_history": band.days,
        "peak": {"at": iso(float(band.times[int(np.argmax(band.high))])), "high": float(np.max(band.high))},
        "band": [{"at": iso(float(t)), "low": float(a), "middle": float(b), "high": float(c)} for t, a, b, c in rows],
        "because": "",
    }  # fmt: skip
