"""Calls an operation no longer makes: child spans that vanish while the operation itself goes on."""

import polars as pl

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_LEAST_SPANS = 8


def examine(case: Case) -> list[Finding]:
    """Per service, the operation that lost most of its calls; explained away by a callee that lost its own."""
    lost = losses(case)
    worst = {row["service"]: row for row in lost.sort("loss").iter_rows(named=True)} if not lost.is_empty() else {}
    found = []
    for service, row in worst.items():
        below = case.topology.downstream(service) - {service}
        explained = max((worst[s]["loss"] for s in below if s in worst), default=0.0)
        strength = 0.8 * row["loss"] * (1.0 if explained < 0.5 * row["loss"] else 0.6)
        words = (
            f"{service} calls “{row['child'][:60]}” from “{row['operation'][:60]}” {row['after']:.2f} times, "
            f"before {row['before']:.2f}"
        )
        found.append(
            finding(
                "missing_children",
                "code",
                service,
                "error-rate",
                strength,
                words,
                signal=Signal.TRACES,
                before=row["before"],
                during=row["after"],
                unit="calls per span",
                excerpt=row["child"][:200],
            )
        )
    return strongest(found, 0.1)


def losses(case: Case) -> pl.DataFrame:
    """service, operation, child, before, after, loss: calls of a child per span of the operation."""
    if case.children.is_empty():
        return pl.DataFrame()
    spans = case.spans.group_by("service", "operation").agg(
        (~pl.col("late")).sum().alias("n_before"), pl.col("late").sum().alias("n_after")
    )
    calls = (
        case.children.group_by("p_service", "p_operation", pl.col("operation").alias("child"))
        .agg((~pl.col("late")).sum().alias("k_before"), pl.col("late").sum().alias("k_after"))
        .rename({"p_service": "service", "p_operation": "operation"})
        .join(spans, on=["service", "operation"])
        .filter((pl.col("n_before") >= _LEAST_SPANS) & (pl.col("n_after") >= _LEAST_SPANS))
        .with_columns(
            (pl.col("k_before") / pl.col("n_before")).alias("before"),
            (pl.col("k_after") / pl.col("n_after")).alias("after"),
        )
        # Fewer visits to an error handler are no fault.
        .filter((pl.col("before") > 0.1) & ~pl.col("child").str.contains("(?i)error|exception"))
    )
    loss = ((pl.col("before") - pl.col("after")) / pl.col("before")).alias("loss")
    return calls.with_columns(loss).filter(pl.col("loss") > 0.15)


ANALYZER = Analyzer("missing_children", Signal.TRACES, examine)
