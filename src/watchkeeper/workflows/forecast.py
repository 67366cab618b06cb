"""What of a service is unusual now, and which of its limits will be reached soon."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.crossing import crossings
from watchkeeper.domain.evidence import Series, Signal, Window
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.port import Reading, Scope
from watchkeeper.workflows.house import House
from watchkeeper.workflows.outlook import outlooks

LIMITS: Mapping[str, float] = {"mem-rate": 100.0, "pool-rate": 100.0, "disk-rate": 100.0}
"""Metrics of the vocabulary that are a percentage of a hard limit."""
_HISTORY = timedelta(hours=24)
"""What the detector learns from before the asked window."""
_LEAST = 60
"""Samples below which nothing is judged."""


async def anomalies(house: House, service: str, window_seconds: float) -> Mapping[str, Any]:
    """Unusual samples of `service` within the window, limits it nears, and what could not be read or judged."""
    readings, now, onset = await _read(house, service, window_seconds)
    series = [s for r in readings for s in r.metrics if s.service == service]
    judged = [s for s in series if np.isfinite(s.values).sum() >= _LEAST]
    missing = [f"{m.source}: {m.reason}" for r in readings for m in r.missing]
    if len(judged) < len(series):
        missing.append(f"{len(series) - len(judged)} of {len(series)} series have fewer than {_LEAST} samples")
    found, coming = await asyncio.to_thread(_judge, judged, onset.timestamp())
    every: list[Mapping[str, Any]] = [*coming, *await outlooks(house, service, judged)]
    return {
        "service": service, "window_seconds": window_seconds, "at": now.isoformat(), "series": len(series), "judged": len(judged),
        "anomalies": sorted(found, key=lambda f: (f["began"], f["metric"])), "forecasts": sorted(every, key=lambda f: (f["expected"], f["metric"])),
        "could_not_see": missing,
        "method": "step, season, record, hour and shift heads, judged per series; lines, excursions and touches of hard limits; "
        "the same hour of the day before for limits that are days away; arithmetic for certificates, quota and error budget",
        "coverage": 0.8,
    }  # fmt: skip


async def foreseen(house: House, service: str) -> list[Mapping[str, Any]]:
    """Limits that a service nears, in an hour or in days, the first to come first."""
    readings, _, _ = await _read(house, service, 3600, (*LIMITS, "certificate-left", "queue", "error-rate"))
    series = [s for r in readings for s in r.metrics if s.service == service and np.isfinite(s.values).sum() >= _LEAST]
    coming: list[Mapping[str, Any]] = [{"kind": "limit", **one} for one in await asyncio.to_thread(forecasts, series)]
    return sorted([*coming, *await outlooks(house, service, series)], key=lambda f: (f["expected"], f["metric"]))


async def unusual_of_all(house: House, window_seconds: float) -> dict[str, list[dict[str, Any]]]:
    """Unusual episodes of every measured service: one reading and one detector for the fleet. Pods of a service are judged by metric."""
    readings, _, onset = await _read(house, "", window_seconds)
    series = [s for r in readings for s in r.metrics if s.service and np.isfinite(s.values).sum() >= _LEAST]
    found: dict[str, list[dict[str, Any]]] = {s.service: [] for s in series}
    flags = await asyncio.to_thread(flagged, series)
    for one, flag in zip(series, flags, strict=True):
        found[one.service] += episodes(one, flag, onset.timestamp())
    return found


async def crossings_of_all(house: House) -> dict[str, list[dict[str, Any]]]:
    """Hard limits that measured services will reach within about an hour, of all of them in one reading."""
    readings, _, _ = await _read(house, "", 3600, tuple(LIMITS))
    series = [s for r in readings for s in r.metrics if s.service and np.isfinite(s.values).sum() >= _LEAST]
    found: dict[str, list[dict[str, Any]]] = {s.service: [] for s in series}
    for service, one in zip(
        (s.service for s in series), await asyncio.to_thread(lambda: [forecasts([s]) for s in series]), strict=True
    ):
        found[service] += one
    return found


async def _read(
    house: House, service: str, window_seconds: float, metrics: tuple[str, ...] = ()
) -> tuple[list[Reading], datetime, datetime]:
    """What the metrics sources say of the window and the history before it, with now and the window's begin."""
    now = house.clock.now()
    onset = now - timedelta(seconds=window_seconds)
    sources = [s for s in house.sources if Signal.METRICS in s.signals]
    scope = Scope(Window(onset - _HISTORY, onset, now), (), service, metrics=metrics)
    return await read_all(sources, scope), now, onset


def _judge(series: Sequence[Series], since: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    found = [e for s, flags in zip(series, flagged(series), strict=True) for e in episodes(s, flags, since)]
    return found, [{"kind": "limit", **one} for one in forecasts(series)]


def episodes(series: Series, flags: npt.NDArray[np.bool_], since: float) -> list[dict[str, Any]]:
    """Flagged samples from `since` on, those within an hour as one episode."""
    out: list[dict[str, Any]] = []
    for place in np.flatnonzero(flags & (series.times >= since)):
        at, value = float(series.times[place]), float(series.values[place])
        if out and at - out[-1]["last"] < 3600:
            out[-1] |= {"last": at, "samples": out[-1]["samples"] + 1}
            continue
        before = series.values[: place + 1][np.isfinite(series.values[: place + 1])]
        out.append(
            {
                "metric": series.metric, "labels": dict(series.labels), "began": at, "last": at, "value": value,
                "usual": float(np.median(before)), "samples": 1,
            }
        )  # fmt: skip
    return [{**e, "began": _iso(e["began"]), "last": _iso(e["last"])} for e in out]


def flagged(series: Sequence[Series]) -> list[npt.NDArray[np.bool_]]:
    """For each series one answer a sample, each from its past alone. Series sampled as often are judged together."""
    out: list[npt.NDArray[np.bool_]] = [np.zeros(len(s.times), bool) for s in series]
    alike: dict[float, list[int]] = defaultdict(list)
    for number, one in enumerate(series):
        alike[round(float(np.median(np.diff(one.times))) if len(one.times) > 1 else 60.0, 3)].append(number)
    for interval, numbers in alike.items():
        times = np.unique(np.concatenate([series[n].times for n in numbers]))
        places = [np.searchsorted(times, series[n].times) for n in numbers]
        values = np.full((len(times), len(numbers)), np.nan)
        for column, (number, place) in enumerate(zip(numbers, places, strict=True)):
            values[place, column] = series[number].values
        detector = AdaptiveDetector(len(numbers), max(interval, 1.0))
        found = np.array([detector.step(float(at), row) for at, row in zip(times, values, strict=True)])
        for column, (number, place) in enumerate(zip(numbers, places, strict=True)):
            out[number] = found[place, column]
    return out


def forecasts(series: Sequence[Series]) -> list[dict[str, Any]]:
    """Hard limits that will be reached within about an hour, with the range that holds four times of five."""
    out = []
    for one in series:
        limit = LIMITS.get(one.metric)
        if limit is None or not np.isfinite(one.values[-1]):
            continue
        interval = max(float(np.median(np.diff(one.times))), 1.0)
        seen = crossings(one.values, limit, interval)
        if np.isfinite(seen.left[-1]):
            at = float(one.times[-1])
            out.append(
                {
                    "metric": one.metric, "labels": dict(one.labels), "limit": limit, "now": float(one.values[-1]),
                    "expected": _iso(at + seen.left[-1]), "earliest": _iso(at + seen.earliest[-1]), "latest": _iso(at + seen.latest[-1]),
                }
            )  # fmt: skip
    return sorted(out, key=lambda f: (f["expected"], f["metric"]))


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
