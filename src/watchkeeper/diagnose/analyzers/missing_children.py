"""Calls that requests no longer make: the request is served, but a step that used to belong to it is not taken."""

import polars as pl

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.deepest import own_part
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_WEIGHT = 0.8
"""Beside a lost log statement, which names the place in the code."""


def examine(case: Case) -> list[Finding]:
    """Per service, the step that became rarest among requests that did something else as before."""
    if case.lost.is_empty():
        return []
    lost = case.lost.filter(pl.col("kind") == "step")
    worst = {row["service"]: row for row in lost.sort("sure", "thing").iter_rows(named=True)}
    own = own_part(case, {service: _WEIGHT * row["sure"] for service, row in worst.items()})
    return strongest((_finding(worst[service], strength) for service, strength in own.items()), 0.1)


def _finding(row: dict[str, object], strength: float) -> Finding:
    words = (
        f"{row['service']} calls “{str(row['thing'])[:60]}” in {row['after']:.0%} of requests by "
        f"“{str(row['context'])[:60]}”, before {row['before']:.0%}"
    )
    return finding(
        "missing_children", "code", str(row["service"]), "error-rate", strength, words, signal=Signal.TRACES,
        before=row["before"], during=row["after"], unit="share of requests", excerpt=str(row["thing"])[:200],
    )  # fmt: skip


ANALYZER = Analyzer("missing_children", Signal.TRACES, examine)
