"""Log statements that vanish: a request still arrives, but no longer writes what it used to. A path is cut short."""

import polars as pl

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.deepest import own_part
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_GONE = 0.1
"""Share of requests below which a statement counts as gone, which is more than rarer."""


def examine(case: Case) -> list[Finding]:
    """The clearest loss per service; of a chain of callers, the deepest service that lost its own line counts."""
    if case.lost.is_empty():
        return []
    lost = case.lost.filter(pl.col("kind") == "line")
    worst = {row["service"]: row for row in lost.sort("sure", "thing").iter_rows(named=True)}
    own = own_part(case, {service: row["sure"] for service, row in worst.items()})
    return strongest((_finding(worst[service], strength) for service, strength in own.items()), 0.1)


def _finding(row: dict[str, object], strength: float) -> Finding:
    words = (
        f"{row['service']} reaches “{str(row['thing'])[:80]}” in {row['after']:.0%} of requests by "
        f"“{str(row['context'])[:80]}”, before {row['before']:.0%}"
    )
    return finding(
        "lost_statements", "code", str(row["service"]), "error-rate", strength, words, signal=Signal.LOGS,
        before=row["before"], during=row["after"], unit="share of requests", excerpt=str(row["thing"])[:200],
    )  # fmt: skip


ANALYZER = Analyzer("lost_statements", Signal.LOGS, examine)
