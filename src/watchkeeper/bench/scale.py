"""How cost grows with services, minutes, lines and spans, and with processes: one generated incident of each size, diagnosed in a
process of its own; then 1, 2 and 4 processes of each kind on one database.

A call tree of services; one of them loses 300 ms on its edges, burns its CPU limit and stops writing its last line. Every
request writes two lines a service, whose numbers and ids never repeat.
"""

import multiprocessing
import resource
import time
from typing import Any

import numpy as np
import polars as pl

from watchkeeper.bench import _processes
from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.evidence import LOG_SCHEMA, SPAN_SCHEMA, EvidenceFile, Series, Window
from watchkeeper.domain.topology import Topology

SIZES = (
    (20, 30, 100_000, 50_000),
    (60, 60, 1_000_000, 500_000),
    (200, 60, 4_000_000, 2_000_000),
    (500, 60, 10_000_000, 5_000_000),
)
"""(services, minutes, lines, spans)"""
_DEPTH = 5
"""Spans of a trace: a path from the entry down the tree."""
_START = 1_750_000_000.0
_METRICS = {"latency-95": 0.1, "error-rate": 0.2, "workload": 20.0, "cpu-rate": 20.0, "mem-rate": 40.0}


def run(asked: Asked) -> dict[str, Any]:
    """Seconds and peak memory of each size; `right` says whether the broken service came first."""
    rows = []
    for number, size in enumerate(SIZES, 1):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measured, (size,)))
        asked.progress(number, len(SIZES) + 1)
    figures = {"benchmark": "scale", "sizes": rows, "processes": _processes.measured()}
    write_json(asked.json_out, figures)
    return figures


def measured(size: tuple[int, int, int, int]) -> dict[str, Any]:
    """One size, made and diagnosed."""
    services, minutes, lines, spans = size
    began = time.monotonic()
    evidence = incident(services, minutes, lines, spans)
    made = time.monotonic()
    found = diagnose(evidence)
    took = time.monotonic() - made
    return {
        "services": services, "minutes": minutes, "lines": lines, "spans": spans, "seconds": round(took, 2),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "right": bool(found.hypotheses) and found.hypotheses[0].service == broken(services),
        "seconds_to_generate": round(made - began, 1),
    }  # fmt: skip


def broken(services: int) -> str:
    """The service that ails."""
    return f"s{services // 3}"


def incident(services: int, minutes: int, lines: int, spans: int) -> EvidenceFile:
    """The evidence; the last sixth of the time is after the onset."""
    end = _START + 60 * minutes
    onset = end - 10 * minutes
    dice = np.random.default_rng(1)
    traces = spans // _DEPTH
    leaf = dice.integers(1, services, traces)
    path = [leaf]
    for _ in range(_DEPTH - 1):
        path.append((path[-1] - 1) // 4)
    at = np.sort(dice.uniform(_START, end, traces))
    ids = pl.Series("n", np.arange(traces)).cast(pl.String)
    ill = services // 3
    logs = _logs(path, at, ids, lines, onset, ill, dice)
    return EvidenceFile(
        Window.of_unix(_START, onset, end),
        metrics=_metrics(services, minutes, onset, ill, dice),
        logs=logs,
        spans=_spans(path, at, ids, onset, ill, dice),
        topology=Topology.of([(f"s{(n - 1) // 4}", f"s{n}") for n in range(1, services)]),
        alerting_service="s0",
    )


def _metrics(services: int, minutes: int, onset: float, ill: int, dice: np.random.Generator) -> tuple[Series, ...]:
    times = np.arange(_START, _START + 60 * minutes, 15.0)
    out = []
    for n in range(services):
        for metric, normal in _METRICS.items():
            values = normal * dice.normal(1, 0.03, len(times))
            if n == ill and metric == "cpu-rate":
                values[times >= onset] = 99.0
            out.append(Series(f"s{n}", metric, times, values))
    return tuple(out)


def _spans(path: list[Any], at: Any, ids: pl.Series, onset: float, ill: int, dice: np.random.Generator) -> pl.DataFrame:
    frames, took = [], np.zeros(len(at))
    for depth, service in enumerate(path):
        took = took + dice.gamma(4.0, 2500.0, len(at)) + np.where((service == ill) & (at >= onset), 300_000.0, 0.0)
        level = _DEPTH - 1 - depth
        frames.append(
            pl.DataFrame(
                {
                    "trace_id": ids, "span_id": [str(level)] * len(at),
                    "parent_span_id": [str(level - 1) if level else ""] * len(at),
                    "service": _names(service), "operation": _names(service, "GET /s"),
                    "start_time_us": (at * 1e6).astype(np.int64) + level * 500, "duration_us": took.astype(np.int64), "status": [""] * len(at),
                },
                schema=SPAN_SCHEMA,
            )
        )  # fmt: skip
    return pl.concat(frames)


def _logs(
    path: list[Any], at: Any, ids: pl.Series, lines: int, onset: float, ill: int, dice: np.random.Generator
) -> pl.DataFrame:
    frames = []
    each = lines // (2 * len(path))
    for depth, service in enumerate(path):
        chosen = np.arange(len(at))[: each if each < len(at) else len(at)]
        for last in (False, True):
            kept = chosen
            if last:
                kept = chosen[~((service[chosen] == ill) & (at[chosen] >= onset))]
            said = "finished order" if last else "accepted order"
            number = pl.Series(dice.integers(1 << 40, 1 << 44, len(kept))).cast(pl.String)
            fields = pl.DataFrame({"id": number, "s": _names(service[kept])})
            text = pl.format(
                "{} {} at {} in {} ms with 3 items",
                pl.lit(said),
                pl.col("id"),
                pl.col("s"),
                pl.col("id").str.slice(0, 2),
            )
            frames.append(
                pl.DataFrame(
                    {
                        "timestamp": (at[kept] * 1e3).astype(np.int64) + int(last), "service": fields["s"], "level": ["info"] * len(kept),
                        "message": fields.select(text).to_series(), "trace_id": ids.gather(kept), "span_id": [str(_DEPTH - 1 - depth)] * len(kept),
                    },
                    schema=LOG_SCHEMA,
                )
            )  # fmt: skip
    return pl.concat(frames)


def _names(numbers: Any, prefix: str = "s") -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.replace("^", prefix)
