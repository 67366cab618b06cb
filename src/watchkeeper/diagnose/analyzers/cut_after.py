"""Requests that end with a call which used to be one step of many. Where several callers stop after it, its answer is what is
wrong, though the callee itself looks as always: an exception or a wrong answer from its code."""

from collections import defaultdict

import polars as pl

from watchkeeper.diagnose import paths
from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_ONE_CALLER = 0.4
"""With a single caller it may as well be the caller that stops."""
_FINISHED = 0.25
"""What is left of the suspicion where the callee's own lines say that it finished as always."""
_LEAST = 4


def examine(case: Case) -> list[Finding]:
    """One finding a callee after which requests now stop."""
    if case.children.is_empty():
        return []
    stops: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    for row in endings(case).iter_rows(named=True):
        known = stops[row["callee"]].get(row["service"])
        if known is None or known["sure"] < row["sure"]:
            stops[row["callee"]][row["service"]] = row
    return strongest((_finding(callee, callers, _witness(case, callee)) for callee, callers in stops.items()), 0.1)


def _witness(case: Case, callee: str) -> float:
    """Does the callee itself write lines on its requests, none of which is lost?"""
    broken = not case.lost.is_empty() and callee in case.lost["service"].to_list()
    return _FINISHED if callee in case.telling and not broken else 1.0


def endings(case: Case) -> pl.DataFrame:
    """service, served, callee, before, after, sure: requests of an operation whose last call is the one to `callee`."""
    key = ["trace_id", "service", "request"]
    served = (
        case.entries.filter(pl.col("span_id") == pl.col("entry"))
        .join(case.spans, on=["trace_id", "span_id"])
        .select("trace_id", pl.col("entry").alias("request"), "service", pl.col("operation").alias("served"))
    )
    last = (
        case.children.filter(pl.col("service") != pl.col("p_service"))
        .join(case.entries.rename({"span_id": "parent_span_id", "entry": "request"}), on=["trace_id", "parent_span_id"])
        .select("trace_id", "request", pl.col("p_service").alias("service"), pl.col("service").alias("callee"), "start_time_us", "late")
        .sort("start_time_us", maintain_order=True)
        .group_by(key, maintain_order=True)
        .agg(pl.col("callee").last(), pl.col("late").any())
        .join(served, on=key)
    )  # fmt: skip
    stopped, served_at_all = (
        last.group_by(*by).agg((~pl.col("late")).sum().alias(f"{n}_before"), pl.col("late").sum().alias(f"{n}_after"))
        for n, by in (("k", ("service", "served", "callee")), ("n", ("service", "served")))
    )
    shares = [(pl.col(f"k_{side}") / pl.col(f"n_{side}")).alias(side) for side in ("before", "after")]
    return (
        stopped.join(served_at_all, on=["service", "served"])
        .filter(pl.min_horizontal("n_before", "n_after") >= _LEAST)
        .with_columns(shares)
        .with_columns(((pl.col("after") - pl.col("before")) * paths.certainty()).alias("sure"))
        .filter(pl.col("sure") > 0.05)
    )


def _finding(callee: str, callers: dict[str, dict[str, float]], witness: float) -> Finding:
    worst = max(callers.values(), key=lambda row: row["sure"])
    who = " and ".join(sorted(callers)[:3])
    words = f"requests of {who} now stop after they called {callee}: {worst['after']:.0%} of them, before {worst['before']:.0%}"
    weight = witness * (1.0 if len(callers) > 1 else _ONE_CALLER)
    return finding(
        "cut_after", "code", callee, "error-rate", weight * worst["sure"], words, signal=Signal.TRACES,
        before=worst["before"], during=worst["after"], unit="share of requests",
    )  # fmt: skip


ANALYZER = Analyzer("cut_after", Signal.TRACES, examine)
