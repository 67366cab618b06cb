"""Time lost between caller and callee: the caller waits longer than the callee works. Points at the network."""

import polars as pl

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_HALF_MS = 15.0
"""Extra milliseconds at which an edge counts half."""
_LEAST_CALLS = 3


def examine(case: Case) -> list[Finding]:
    """A service whose edges, in and out, all lost time is the likelier culprit than a neighbour with one slow edge."""
    edges = edge_gaps(case)
    if edges.is_empty():
        return []
    ends = pl.concat(
        [
            edges.select(pl.col("p_service").alias("at"), "extra", pl.lit(False).alias("inward")),
            edges.select(pl.col("service").alias("at"), "extra", pl.lit(True).alias("inward")),
        ]
    )
    slow = pl.col("extra") > 5.0
    by_service = ends.group_by("at").agg(
        (pl.col("extra").clip(0, None) * slow).sum().alias("lost"),
        slow.mean().alias("share"),
        slow.sum().alias("count"),
        (pl.col("inward") & slow).any().alias("inward"),
        pl.col("extra").max().alias("worst"),
    )
    return strongest(_finding(*row) for row in by_service.iter_rows() if row[3])


def edge_gaps(case: Case) -> pl.DataFrame:
    """Per edge: p_service, service, extra milliseconds between caller's and callee's span, after minus before."""
    if case.children.is_empty():
        return pl.DataFrame()
    cross = case.children.filter(pl.col("p_service") != pl.col("service"))
    gap = ((pl.col("p_duration_us") - pl.col("duration_us")) / 1000.0).alias("gap")
    sides = (
        cross.with_columns(gap)
        .group_by("p_service", "service")
        .agg(
            pl.col("gap").filter(~pl.col("late")).median().alias("before"),
            pl.col("gap").filter(pl.col("late")).median().alias("median"),
            pl.col("gap").filter(~pl.col("late")).quantile(0.9).alias("before90"),
            pl.col("gap").filter(pl.col("late")).quantile(0.9).alias("after90"),
            pl.col("late").sum().alias("n_after"),
            (~pl.col("late")).sum().alias("n_before"),
        )
        .filter((pl.col("n_after") >= _LEAST_CALLS) & (pl.col("n_before") >= _LEAST_CALLS))
    )
    extra = pl.max_horizontal(
        pl.col("median") - pl.col("before"), 0.3 * (pl.col("after90") - pl.col("before90"))
    ).alias("extra")
    return sides.select("p_service", "service", extra)


def _finding(service: str, lost: float, share: float, count: int, inward: bool, worst: float) -> Finding:
    weighed = lost * share * (1.0 if inward else 0.7)
    words = (
        f"calls to and from {service} spend up to {worst:.0f} ms more between caller and callee "
        f"({count} of its edges, {share:.0%})"
    )
    return finding(
        "edge_gap", "network", service, "latency-90", weighed / (weighed + _HALF_MS), words,
        signal=Signal.TRACES, during=worst, unit="ms",
    )  # fmt: skip


ANALYZER = Analyzer("edge_gap", Signal.TRACES, examine)
