"""One metric of a service ready to be drawn: the command line and the console draw it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.features import standing
from watchkeeper.domain.errors import NotFound
from watchkeeper.domain.evidence import Series, Signal, Window
from watchkeeper.domain.outlook import Line, Outlook
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.port import Scope
from watchkeeper.workflows.forecast import LIMITS, flagged, forecasts
from watchkeeper.workflows.foresee_load import load_band
from watchkeeper.workflows.house import House

_LEARNT = timedelta(hours=24)
_SPREADS = 3.0
_MOST = 800
"""Points in a picture."""


async def outlook_of(house: House, service: str, metric: str, window_seconds: float) -> Outlook:
    """The last `window_seconds` of the series that departs most (of several pods), with what comes. Raises NotFound."""
    now = house.clock.now()
    begin = now - timedelta(seconds=window_seconds)
    sources = [s for s in house.sources if Signal.METRICS in s.signals]
    scope = Scope(
        Window(begin - _LEARNT, begin, now),
        (),
        service,
        metrics=(metric,),
        step=house.settings.anomaly_detection.scan_seconds,
    )
    readings = await read_all(sources, scope)
    series = [
        s for r in readings for s in r.metrics if s.service == service and s.metric == metric and len(s.times) > 1
    ]
    if not series:
        reasons = "; ".join(m.reason for r in readings for m in r.missing)
        raise NotFound(f"no {metric} of {service} was found{': ' + reasons if reasons else ''}")
    seen = await asyncio.to_thread(_seen, series, begin.timestamp())
    if metric != "workload":
        return seen
    band = await load_band(house, service)
    if band is None:
        return seen
    return Outlook(
        seen.service, seen.metric, seen.unit, seen.times, seen.values, seen.low, seen.high, seen.flagged,
        tuple(map(float, band.times)), tuple(map(float, band.low)), tuple(map(float, band.middle)), tuple(map(float, band.high)),
        seen.limit,
    )  # fmt: skip


def _seen(series: Sequence[Series], begin: float) -> Outlook:
    flags = flagged(series)
    inside = [int((f & (s.times >= begin)).sum()) for f, s in zip(flags, series, strict=True)]
    number = max(range(len(series)), key=lambda n: (inside[n], np.nanmax(np.nan_to_num(series[n].values, nan=-np.inf))))
    one, marks = series[number], flags[number]
    z, yard = (a[:, 0] for a in standing(one.values[:, None]))
    middle = one.values - z * yard
    shown = np.flatnonzero(one.times >= begin)
    keep = shown[np.unique(np.linspace(0, len(shown) - 1, min(_MOST, len(shown))).astype(int))] if len(shown) else shown
    keep = np.union1d(keep, np.flatnonzero(marks & (one.times >= begin)))
    ahead = forecasts([one])
    limit = LIMITS.get(one.metric)
    times = tuple(map(float, one.times[keep]))
    coming: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    if ahead and limit is not None:
        # A straight way to the limit, at the stated moments.
        until = np.datetime64(ahead[0]["expected"][:19]).astype("datetime64[s]").astype(float)
        coming = ((times[-1], float(until)), (float(one.values[-1]), limit))
    return Outlook(
        one.service, one.metric, "", times, _line(one.values[keep]), _line((middle - _SPREADS * yard)[keep]),
        _line((middle + _SPREADS * yard)[keep]), tuple(int(n) for n in np.flatnonzero(marks[keep])), coming[0], (), coming[1], (), limit,
    )  # fmt: skip


def _line(values: npt.NDArray[np.float64]) -> Line:
    return tuple(float(v) if np.isfinite(v) else None for v in values)
