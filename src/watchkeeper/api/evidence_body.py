"""The body of `POST /api/v1/incidents/analyze` as evidence. Any part may be absent."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict

from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.evidence import LOG_SCHEMA, SPAN_SCHEMA, EvidenceFile, Missing, Series, Signal, Window
from watchkeeper.domain.topology import Edge
from watchkeeper.telemetry.assemble import assemble
from watchkeeper.telemetry.port import Reading

_LATEST = 4_102_444_800.0
"""The year 2100 in unix seconds."""
_UNITS = {"timestamp": 1e3, "start_time_us": 1e6}
Table = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]


class AlertNamed(BaseModel):
    """What the pager named."""

    service: str = ""
    metric: str = ""


class AnalyzeBody(BaseModel):
    """`metrics` is {service: {metric: [[unix seconds, number or null], …]}}; logs and traces are columns or rows."""

    model_config = ConfigDict(extra="ignore")

    incident_id: str = ""
    timestamp: AwareDatetime
    """The onset."""
    metrics: dict[str, dict[str, list[tuple[float, float | None]]]] = {}
    logs: dict[str, list[Any]] | list[dict[str, Any]] = {}
    traces: dict[str, list[Any]] | list[dict[str, Any]] = {}
    topology: list[tuple[str, str]] | list[dict[str, str]] = []
    alert: AlertNamed = AlertNamed()
    environment: str = "production"


def evidence_of(body: AnalyzeBody) -> EvidenceFile:
    """Raises InvalidInput naming the field."""
    metrics = tuple(
        _series(service, metric, points)
        for service, found in body.metrics.items()
        for metric, points in found.items()
        if points
    )
    logs, spans = _frame(body.logs, LOG_SCHEMA, "logs"), _frame(body.traces, SPAN_SCHEMA, "traces")
    there = {Signal.METRICS: bool(metrics), Signal.LOGS: logs is not None, Signal.TRACES: spans is not None}
    missing = tuple(Missing(signal, "request", str(signal), "not sent") for signal, sent in there.items() if not sent)
    reading = Reading(metrics=metrics, logs=logs, spans=spans, edges=_edges(body.topology), missing=missing)
    return assemble(_window(body.timestamp, reading), [reading], (), body.alert.service, body.alert.metric)


def _series(service: str, metric: str, points: list[tuple[float, float | None]]) -> Series:
    ordered = sorted(points, key=lambda point: point[0])
    if not all(0 <= t <= _LATEST for t, _ in ordered):
        raise InvalidInput("times are unix seconds", field=f"metrics.{service}.{metric}")
    times = np.array([t for t, _ in ordered])
    values = np.array([float("nan") if v is None else v for _, v in ordered])
    return Series(service, metric, times, values, query="request")


def _frame(table: Table, schema: pl.Schema, field: str) -> pl.DataFrame | None:
    if not table:
        return None
    try:
        frame = pl.DataFrame(table, strict=False)
        unknown = set(frame.columns) - set(schema)
        if unknown:
            raise InvalidInput(f"unknown column {min(unknown)!r}", field=field, hint=f"columns: {', '.join(schema)}")
        absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
        frame = frame.with_columns(absent).select(schema.names()).cast(schema)
        for column, unit in _UNITS.items():
            if column in frame.columns and not frame[column].is_between(0, int(_LATEST * unit)).fill_null(False).all():
                raise InvalidInput(f"{column} is a whole number of the past, in every row", field=field)
        return frame
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise InvalidInput(str(error).splitlines()[0], field=field) from None


def _edges(topology: Sequence[Any]) -> tuple[Edge, ...]:
    pairs = [
        (e["caller"], e["callee"]) if isinstance(e, dict) and {"caller", "callee"} <= e.keys() else e for e in topology
    ]
    if any(isinstance(p, dict) for p in pairs):
        raise InvalidInput("an edge is [caller, callee] or {caller, callee}", field="topology")
    return tuple(Edge(a, b) for a, b in pairs if a != b)


def _window(onset: datetime, reading: Reading) -> Window:
    ends = [(float(s.times[0]), float(s.times[-1])) for s in reading.metrics]
    for frame, column, unit in ((reading.logs, "timestamp", 1e3), (reading.spans, "start_time_us", 1e6)):
        if frame is not None and not frame.is_empty():
            low, high = frame[column].min(), frame[column].max()
            ends.append((float(low) / unit, float(high) / unit))  # type: ignore[arg-type]
    at = onset.astimezone(UTC).timestamp()
    return Window.of_unix(min((a for a, _ in ends), default=at), at, max((b for _, b in ends), default=at))
