"""Log statements that vanish from traces: the first line stays, the last one is gone. Points at a path cut short."""

import polars as pl

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_LEAST_GROUPS = 4


def examine(case: Case) -> list[Finding]:
    """The largest loss per service; of a chain of callers, the deepest service that lost its own line counts."""
    lost = losses(case)
    worst = {row["service"]: row for row in lost.sort("loss").iter_rows(named=True)} if not lost.is_empty() else {}
    found = []
    for service, row in worst.items():
        below = case.topology.downstream(service) - {service}
        explained = max((worst[s]["loss"] for s in below if s in worst), default=0.0)
        strength = row["loss"] * (0.95 if explained < 0.5 * row["loss"] else 0.55)
        words = (
            f"{service} begins with “{row['entry'][:80]}” but reaches “{row['statement'][:80]}” in "
            f"{row['after']:.0%} of traces, before {row['before']:.0%}"
        )
        found.append(
            finding(
                "lost_statements",
                "code",
                service,
                "error-rate",
                strength,
                words,
                signal=Signal.LOGS,
                before=row["before"],
                during=row["after"],
                unit="share of traces",
                excerpt=row["statement"][:200],
            )
        )
    return strongest(found, 0.1)


def losses(case: Case) -> pl.DataFrame:
    """service, entry, statement, before, after, loss: share of (trace, service) groups that reach a statement."""
    lines = case.statements
    if lines.is_empty():
        return pl.DataFrame()
    lines = lines.filter(pl.col("trace_id").fill_null("") != "")
    groups = (
        lines.sort("timestamp", maintain_order=True)
        .group_by("trace_id", "service", maintain_order=True)
        .agg(pl.col("statement").first().alias("entry"), pl.col("late").any(), pl.col("statement").unique())
    )
    sizes = groups.group_by("service", "entry").agg(
        (~pl.col("late")).sum().alias("n_before"), pl.col("late").sum().alias("n_after")
    )
    reached = (
        groups.explode("statement")
        .group_by("service", "entry", "statement")
        .agg((~pl.col("late")).sum().alias("k_before"), pl.col("late").sum().alias("k_after"))
        .join(sizes, on=["service", "entry"])
        .filter((pl.col("n_before") >= _LEAST_GROUPS) & (pl.col("n_after") >= _LEAST_GROUPS))
        .with_columns(
            (pl.col("k_before") / pl.col("n_before")).alias("before"),
            (pl.col("k_after") / pl.col("n_after")).alias("after"),
        )
    )
    return reached.with_columns((pl.col("before") - pl.col("after")).alias("loss")).filter(pl.col("loss") > 0.1)


ANALYZER = Analyzer("lost_statements", Signal.LOGS, examine)
