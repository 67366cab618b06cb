"""What of a service is unusual now, against its own recent past."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from watchkeeper.domain.evidence import Series, Window
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.port import Scope
from watchkeeper.workflows.house import House

_LIMIT = 6.0
"""Robust z-score from which the newest tenth of the window is called unusual."""


async def anomalies(house: House, service: str, window_seconds: float) -> Mapping[str, Any]:
    """Series of `service` whose newest tenth of the window departs from the rest; says what could not be read."""
    now = house.clock.now()
    start = now - timedelta(seconds=window_seconds)
    onset = now - timedelta(seconds=window_seconds / 10)
    readings = await read_all(house.sources, Scope(Window(start, onset, now), (), service))
    series = [s for r in readings for s in r.metrics if s.service == service]
    found = [f for s in series if (f := _departure(s, onset.timestamp()))]
    missing = [f"{m.source}: {m.reason}" for r in readings for m in r.missing]
    return {
        "service": service, "window_seconds": window_seconds, "at": now.isoformat(), "series": len(series),
        "anomalies": sorted(found, key=lambda f: -f["score"]), "could_not_see": missing,
        "method": "robust z-score of the newest tenth of the window against the rest; not yet a forecast",
    }  # fmt: skip


def _departure(series: Series, onset: float) -> dict[str, Any] | None:
    before = series.values[(series.times < onset) & np.isfinite(series.values)]
    during = series.values[(series.times >= onset) & np.isfinite(series.values)]
    if len(before) < 10 or len(during) == 0:
        return None
    middle = float(np.median(before))
    spread = max(1.4826 * float(np.median(np.abs(before - middle))), 0.02 * abs(middle), 1e-9)
    score = abs(float(np.median(during)) - middle) / spread
    if score < _LIMIT:
        return None
    return {"metric": series.metric, "score": round(score, 1), "before": middle, "now": float(np.median(during)),
            "labels": dict(series.labels)}  # fmt: skip
