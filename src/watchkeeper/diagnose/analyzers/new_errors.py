"""Error lines that were never written before the onset."""

import polars as pl

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.deepest import own_part
from watchkeeper.diagnose.paths import ERROR_WORDS
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_LEAST = 3
_NOVEL = 0.3
"""What an error that was never seen before counts, however few requests write it."""


def examine(case: Case) -> list[Finding]:
    """Per service, the new error statement that most of its later lines' requests wrote."""
    found = new_errors(case)
    if found.is_empty():
        return []
    worst = {row["service"]: row for row in found.sort("share", "statement").iter_rows(named=True)}
    own = own_part(case, {service: _NOVEL + (1 - _NOVEL) * row["share"] for service, row in worst.items()})
    return strongest(_finding(worst[service], strength) for service, strength in own.items())


def _finding(row: dict[str, object], strength: float) -> Finding:
    words = f"{row['service']} writes a new error in {row['share']:.0%} of its requests: “{str(row['message'])[:120]}”"
    return finding(
        "new_errors", "errors", str(row["service"]), "error-rate", 0.9 * strength, words, signal=Signal.LOGS,
        before=0.0, during=row["share"], unit="share of requests", excerpt=str(row["message"])[:300],
    )  # fmt: skip


def new_errors(case: Case) -> pl.DataFrame:
    """service, statement, message, share (of the service's later requests, or lines where there are no traces)"""
    lines = case.statements
    if lines.is_empty():
        return pl.DataFrame()
    request = pl.when(pl.col("trace_id").fill_null("") != "").then(pl.col("trace_id")).otherwise(pl.col("message"))
    lines = lines.with_columns(request.alias("request"))
    sizes = lines.filter("late").group_by("service").agg(pl.col("request").n_unique().alias("requests"))
    error = pl.col("level").is_in(["error", "ERROR", "fatal", "FATAL"]) | pl.col("message").str.contains(ERROR_WORDS)
    told = (
        lines.with_columns(error.alias("error"))
        .group_by("service", "statement")
        .agg(
            (~pl.col("late")).sum().alias("before"),
            pl.col("request").filter("late").n_unique().alias("after"),
            pl.col("error").any(),
            pl.col("message").first(),
        )
        .filter((pl.col("before") == 0) & (pl.col("after") >= _LEAST) & pl.col("error"))
    )
    return told.join(sizes, on="service").with_columns((pl.col("after") / (pl.col("requests") + 2)).alias("share"))


ANALYZER = Analyzer("new_errors", Signal.LOGS, examine)
