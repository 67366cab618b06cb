"""What requests usually do, and how many still do it. A request is one trace at one service."""

import polars as pl

from watchkeeper.diagnose.case import Case

ERROR_WORDS = r"(?i)error|exception|fail(ed|ure)?|fatal|panic|timeout|refused"
_LEAST = 4
"""Requests on either side from which a share means something."""
_SURE = 1.0
"""Standard errors that a loss must exceed; the rest of it counts."""
_KEYS = ["trace_id", "service"]


def requests(case: Case) -> pl.DataFrame:
    """trace_id, service, context, late: the operations each request served, and the line it began with."""
    parts = []
    lines = case.statements
    if not lines.is_empty():
        begun = (
            lines.filter(pl.col("trace_id").fill_null("") != "")
            .sort("timestamp", maintain_order=True)
            .group_by(_KEYS, maintain_order=True)
            .agg(pl.col("statement").first().alias("context"), pl.col("late").any())
        )
        parts.append(begun)
    if not case.spans.is_empty():
        # An operation that no span of the same service called is one that was served.
        inside = case.children.filter(pl.col("service") == pl.col("p_service")).select("trace_id", "span_id")
        served = (
            case.spans.join(inside, on=["trace_id", "span_id"], how="anti")
            .group_by(*_KEYS, pl.col("operation").alias("context"))
            .agg(pl.col("late").any())
        )
        parts.append(served.select("trace_id", "service", "context", "late"))
    return pl.concat(parts) if parts else pl.DataFrame()


def losses(contexts: pl.DataFrame, done: pl.DataFrame) -> pl.DataFrame:
    """service, context, thing, before, after, sure: how much rarer a thing became in requests of one context.

    `done` has trace_id, service, thing. `sure` is the drop of the share less its standard error. O(rows).
    """
    sizes = contexts.group_by("service", "context").agg(
        (~pl.col("late")).sum().alias("n_before"), pl.col("late").sum().alias("n_after")
    )
    found = (
        contexts.join(done.unique(), on=_KEYS)
        .group_by("service", "context", "thing")
        .agg((~pl.col("late")).sum().alias("k_before"), pl.col("late").sum().alias("k_after"))
        .join(sizes, on=["service", "context"])
        .filter((pl.col("n_before") >= _LEAST) & (pl.col("n_after") >= _LEAST))
        .with_columns(
            (pl.col("k_before") / pl.col("n_before")).alias("before"),
            (pl.col("k_after") / pl.col("n_after")).alias("after"),
        )
    )
    drop = pl.col("before") - pl.col("after") - _SURE * _error()
    return found.with_columns(drop.alias("sure")).filter(pl.col("sure") > 0.05)


def _error() -> pl.Expr:
    """Standard error of the difference of the two shares, each pulled towards one half by one request."""
    parts = []
    for side in ("before", "after"):
        share = (pl.col(f"k_{side}") + 0.5) / (pl.col(f"n_{side}") + 1)
        parts.append(share * (1 - share) / pl.col(f"n_{side}"))
    return (parts[0] + parts[1]).sqrt()
