"""Readings of many sources to one evidence file. Merging is pure; only `read_all` waits."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.evidence import LOG_SCHEMA, SPAN_SCHEMA, EvidenceFile, Missing, Series, Window
from watchkeeper.domain.topology import Edge, Topology, Workload
from watchkeeper.telemetry.port import Reading, Scope, Source


async def read_all(sources: Sequence[Source], scope: Scope) -> list[Reading]:
    """Every source at once. One that fails gives a reading in which its signals are missing."""
    # Not a task group: what a source cannot answer for (our own database is away) must come out as the error it is.
    return list(await asyncio.gather(*(_read(source, scope) for source in sources)))


async def _read(source: Source, scope: Scope) -> Reading:
    try:
        return await source.read(scope)
    except SourceError as error:
        return _nothing(source, str(error))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, pl.exceptions.PolarsError) as error:
        # It answers, with something that only looks like its protocol: a poorer picture, never a failed diagnosis.
        return _nothing(source, f"{source.name} gave an answer that cannot be read: {type(error).__name__}")


def _nothing(source: Source, why: str) -> Reading:
    return Reading(missing=tuple(Missing(s, source.name, "", why) for s in sorted(source.signals)))


def assemble(
    window: Window,
    readings: Sequence[Reading],
    alerts: tuple[Alert, ...] = (),
    alerting_service: str = "",
    alerting_metric: str = "",
) -> EvidenceFile:
    """One file. A workload name that two workloads claim is left out of `workloads`: never guessed."""
    spans = _frame((r.spans for r in readings), SPAN_SCHEMA)
    metrics = tuple(s for r in readings for s in r.metrics)
    declared = frozenset(e for r in readings for e in r.edges if e.caller != e.callee)
    return EvidenceFile(
        window=window,
        metrics=metrics,
        logs=_frame((r.logs for r in readings), LOG_SCHEMA),
        spans=spans,
        objects=tuple(o for r in readings for o in r.objects),
        changes=tuple(sorted((c for r in readings for c in r.changes), key=lambda c: (c.at, c.id))),
        topology=Topology(declared).merged(traced(spans)).merged(measured(metrics)),
        alerts=alerts,
        alerting_service=alerting_service,
        alerting_metric=alerting_metric,
        workloads=_workloads(w for r in readings for w in r.workloads),
        missing=tuple(m for r in readings for m in r.missing),
    )


def traced(spans: pl.DataFrame) -> Topology:
    """Who calls whom, from spans whose parent belongs to another service."""
    if spans.is_empty():
        return Topology()
    parents = spans.select("trace_id", pl.col("span_id").alias("parent_span_id"), pl.col("service").alias("caller"))
    pairs = (
        spans.join(parents, on=["trace_id", "parent_span_id"])
        .filter(pl.col("caller") != pl.col("service"))
        .select("caller", "service")
        .unique()
    )
    return Topology(frozenset(Edge(a, b, "traced") for a, b in pairs.iter_rows()))


def measured(metrics: Sequence[Series]) -> Topology:
    """Who calls whom, from series that name a peer which has series of its own."""
    known = {s.service for s in metrics}
    pairs = {(s.service, s.labels["peer"]) for s in metrics if s.labels.get("peer") in known}
    return Topology(frozenset(Edge(a, b, "observed") for a, b in pairs if a != b))


def _frame(frames: Iterable[pl.DataFrame | None], schema: pl.Schema) -> pl.DataFrame:
    found = [f.select(schema.names()).cast(schema) for f in frames if f is not None and not f.is_empty()]
    return pl.concat(found) if found else pl.DataFrame(schema=schema)


def _workloads(found: Iterable[Workload]) -> Mapping[str, Workload]:
    claims: dict[str, set[Workload]] = defaultdict(set)
    for workload in found:
        claims[workload.name].add(workload)
    return {name: next(iter(who)) for name, who in claims.items() if len(who) == 1}
