"""Metrics from Prometheus, or anything that speaks its query API."""

import asyncio
from datetime import datetime
from typing import Any

import httpx
import numpy as np

from watchkeeper.domain.errors import SourceError, SourceRefused
from watchkeeper.domain.evidence import Missing, Origin, Series, Signal
from watchkeeper.settings import PrometheusSource
from watchkeeper.telemetry.budget import Purse, Spend
from watchkeeper.telemetry.http import SourceClient
from watchkeeper.telemetry.port import Probe, Reading, Sample, Scope, Source, SourceTools
from watchkeeper.telemetry.promql_queries import APP, QUERIES, Query, named_by_pod, render

NAME = "prometheus"
_POINTS = 5000
"""Per series and query; the server refuses more than 11,000."""


class Prometheus:
    """Runs the query table over a window; also answers single questions (MetricQueries)."""

    name = NAME
    signals = frozenset({Signal.METRICS})

    def __init__(
        self, settings: PrometheusSource, tools: SourceTools, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings, self._resolver = settings, tools.resolver
        self._purse = Purse(NAME, settings.budget, tools.ledger, tools.clock)
        self._client = SourceClient(NAME, settings, self._purse, transport=transport)
        known = {q.metric: q for q in QUERIES}
        for metric, promql in settings.queries.items():
            known[metric] = Query(metric, promql, known[metric].origin if metric in known else Origin.WORKLOAD)
        self._queries = tuple(known.values())

    async def read(self, scope: Scope) -> Reading:
        """Every query of the table, a few at a time. One that fails is a Missing; a server that is down is one Missing."""
        wanted = [q for q in self._queries if (q.metric in scope.metrics if scope.metrics else not q.on_demand)]
        results = await asyncio.gather(*(self._one(q, scope) for q in wanted))
        metrics = tuple(s for r in results if not isinstance(r, Missing) for s in r)
        missing = [r for r in results if isinstance(r, Missing)]
        if missing and len(missing) == len(wanted):
            missing = [Missing(Signal.METRICS, NAME, "", missing[0].reason)]
        elif not metrics:
            missing.append(Missing(Signal.METRICS, NAME, "", "it answers, but has no series in this scope"))
        return Reading(metrics=metrics, missing=tuple(missing))

    async def _one(self, query: Query, scope: Scope) -> list[Series] | Missing:
        promql = render(query.promql, scope.namespaces, self._settings.rate_window_seconds)
        start, end = scope.window.start.timestamp(), scope.window.end.timestamp()
        try:
            step = scope.step or self._settings.step_seconds
            found = await self._range(promql, start, end, step, scope.incident_id)
            if found and APP in promql and not any(self._resolver.resolve("metrics", s.labels) for s in found):
                # Nothing but pods tells the workloads apart here.
                promql = named_by_pod(promql)
                found = await self._range(promql, start, end, self._settings.step_seconds, scope.incident_id)
        except SourceError as error:
            return Missing(Signal.METRICS, NAME, promql, str(error))
        out = []
        for series in found:
            service = self._resolver.resolve("metrics", series.labels)
            if service:
                out.append(
                    Series(service, query.metric, series.times, series.values, query.origin, promql, series.labels)
                )
        return out

    async def instant(self, query: str, at: float | None = None) -> list[Sample]:
        """Samples at a moment. A scalar is one sample without labels."""
        data = await self._ask("/api/v1/query", {"query": query, **({"time": f"{at:.3f}"} if at is not None else {})})
        kind, result = data["resultType"], data["result"]
        if kind in ("scalar", "string"):
            return [Sample({}, float(result[0]), float(result[1]))] if kind == "scalar" else []
        if kind == "matrix":
            return [Sample(r["metric"], float(t), float(v)) for r in result for t, v in r["values"][-1:]]
        return [Sample(r["metric"], float(r["value"][0]), float(r["value"][1])) for r in result]

    async def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Series over a span."""
        return await self._range(query, start, end, step, "")

    async def _range(self, query: str, start: float, end: float, step: float, incident: str) -> list[Series]:
        step = max(step, (end - start) / _POINTS, 0.001)
        times = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        data = await self._ask("/api/v1/query_range", {"query": query, **times}, incident)
        await self._purse.pay(incident, Spend(series=len(data["result"])))
        return [_series(r, query) for r in data["result"]]

    async def started_at(self) -> float | None:
        """From its runtime information; None where a server of another make has none."""
        try:
            data = await self._ask("/api/v1/status/runtimeinfo", {})
            return datetime.fromisoformat(str(data["startTime"]).replace("Z", "+00:00")).timestamp()
        except (SourceRefused, KeyError, ValueError):
            return None

    async def _ask(self, path: str, params: dict[str, str], incident: str = "") -> dict[str, Any]:
        answer = await self._client.get(path, params, incident=incident)
        try:
            body = answer.json()
        except ValueError:
            raise SourceRefused(
                f"{NAME} at {self._client.url} does not answer with JSON: is this the right address?"
            ) from None
        if not isinstance(body, dict) or body.get("status") != "success":
            raise SourceRefused(f"{NAME} at {self._client.url} says: {str(body)[:200]}")
        return dict(body["data"])

    async def probe(self) -> list[Probe]:
        """Does it answer, and does it have targets?"""
        try:
            up = await self.instant("count(up)")
        except SourceError as error:
            return [Probe(NAME, False, str(error), error.hint)]
        targets = int(up[0].value) if up else 0
        return [Probe(NAME, True, f"answers at {self._client.url}, {targets} targets")]

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()


def _series(row: dict[str, Any], query: str) -> Series:
    """Values are strings: NaN, +Inf and 1e+22 among them."""
    times = np.array([float(t) for t, _ in row["values"]])
    values = np.array([float(v) for _, v in row["values"]])
    return Series("", "", times, values, query=query, labels=row["metric"])


def build(settings: PrometheusSource, tools: SourceTools) -> Source:
    """From `sources.prometheus`."""
    return Prometheus(settings, tools)
