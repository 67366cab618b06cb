"""What runs out later than the next hour, or by plain arithmetic: disks and memory in days, certificates, quota, error budget."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from watchkeeper.detect.crossing import crossings
from watchkeeper.detect.runway import FURTHEST, Runway, budget, days_ahead
from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.evidence import Series, Signal, Window
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.names import one_of
from watchkeeper.telemetry.port import Scope
from watchkeeper.telemetry.promql_queries import QUOTA
from watchkeeper.workflows.house import House
from watchkeeper.workflows.sightings import iso

_DAYS = timedelta(hours=80)
_STEP = 600.0
_SLOW = ("disk-rate", "mem-rate")
_WARN_CERTIFICATE = FURTHEST
_BURN = 3600.0
"""Seconds of errors that the budget is judged by."""


async def outlooks(house: House, service: str, series: Sequence[Series]) -> list[Mapping[str, Any]]:
    """Forecasts beside those of `crossing`. What cannot be read is left out: the caller tells what is missing."""
    rules, now = house.settings.anomaly_detection, house.clock.now()
    found: list[Mapping[str, Any]] = []
    for one in series:
        if one.metric == "certificate-left":
            found += certificate(one)
        if one.metric == "queue" and rules.queue_limit > 0:
            found += queue(one, rules.queue_limit)
        if one.metric == "error-rate":
            found += error_budget(one, rules.objective)
    sources = [s for s in house.sources if Signal.METRICS in s.signals]
    slow = await read_all(sources, Scope(Window(now - _DAYS, now, now), (), service, metrics=_SLOW, step=_STEP))
    long = [s for r in slow for s in r.metrics if s.service == service and s.metric in _SLOW and len(s.times)]
    found += await asyncio.to_thread(lambda: [f for one in long for f in in_days(one)])
    namespaces = sorted({s.labels.get("namespace", "") for s in series} - {""})
    return found + await _quota(house, namespaces)


def in_days(one: Series, limit: float = 100.0) -> list[Mapping[str, Any]]:
    """A limit that is days away."""
    runway = days_ahead(one.times, one.values, limit)
    return [_told("days_ahead", one.metric, one.labels, limit, one, runway)] if runway else []


def certificate(one: Series) -> list[Mapping[str, Any]]:
    """An expiry is exact."""
    left = _newest(one)
    if left is None or left > _WARN_CERTIFICATE:
        return []
    return [_told("certificate", one.metric, one.labels, 0.0, one, Runway(left, left, left))]


def queue(one: Series, limit: float) -> list[Mapping[str, Any]]:
    """A queue that fills up."""
    interval = max(float(np.median(np.diff(one.times))), 1.0) if len(one.times) > 1 else 60.0
    seen = crossings(one.values, limit, interval)
    if not len(one.values) or not np.isfinite(seen.left[-1]):
        return []
    runway = Runway(float(seen.earliest[-1]), float(seen.left[-1]), float(seen.latest[-1]))
    return [_told("limit", one.metric, one.labels, limit, one, runway)]


def error_budget(one: Series, objective: float) -> list[Mapping[str, Any]]:
    """At the rate of the last hour."""
    late = one.values[one.times >= one.times[-1] - _BURN] if len(one.times) else one.values
    runway = budget(late, objective)
    return [_told("error_budget", one.metric, one.labels, 100.0 - objective, one, runway)] if runway else []


async def _quota(house: House, namespaces: Sequence[str]) -> list[Mapping[str, Any]]:
    if house.metrics is None or not namespaces:
        return []
    now = house.clock.now().timestamp()
    query = QUOTA.replace("$sel", f'namespace=~"{one_of(namespaces)}"')
    try:
        found = await house.metrics.range(query, now - _DAYS.total_seconds(), now, _STEP)
    except SourceError:
        return []
    out = []
    for one in found:
        runway = days_ahead(one.times, one.values, 100.0)
        if runway:
            out.append(_told("quota", "quota-rate", one.labels, 100.0, one, runway))
    return out


def _newest(one: Series) -> float | None:
    known = one.values[np.isfinite(one.values)]
    return float(known[-1]) if len(known) else None


def _told(
    kind: str, metric: str, labels: Mapping[str, str], limit: float, one: Series, runway: Runway
) -> Mapping[str, Any]:
    at = float(one.times[-1])
    return {
        "kind": kind, "metric": metric, "labels": dict(labels), "limit": limit, "now": _newest(one),
        "expected": iso(at + runway.expected), "earliest": iso(at + runway.earliest), "latest": iso(at + runway.latest),
    }  # fmt: skip
