"""What is unusual in the logs of a span: its second half against its first."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from watchkeeper.detect.log_counts import LogAnomaly, Statement
from watchkeeper.detect.log_counts import log_anomalies as judge
from watchkeeper.domain.redaction import redact
from watchkeeper.recall.log_lines import logql, with_templates
from watchkeeper.workflows.house import House
from watchkeeper.workflows.search_logs import LogQuestion, read_lines

_BAD = ("error", "fatal", "warn")


async def log_anomalies(house: House, asked: LogQuestion) -> Mapping[str, Any]:
    """New statements, jumps and silences, failures first, each with a query that finds its lines."""
    lines, window, missing = await read_lines(house, asked)
    start, onset, end = window.start.timestamp(), window.onset.timestamp(), window.end.timestamp()
    found = await asyncio.to_thread(lambda: judge(statements_of(lines), start, onset, end))
    return {
        "start": window.start.isoformat(), "onset": window.onset.isoformat(), "end": window.end.isoformat(), "lines": lines.height,
        "could_not_see": missing, "items": [_shown(a) for a in found[: asked.limit]],
    }  # fmt: skip


def statements_of(lines: pl.DataFrame) -> list[Statement]:
    """Lines grouped to statements with their times."""
    numbered, counted = with_templates(lines)
    times = {
        row["number"]: row["timestamp"]
        for row in numbered.group_by("number").agg(pl.col("timestamp").sort()).iter_rows(named=True)
    }
    return [
        Statement(
            t.service, t.template, pl.Series(times[t.number]).to_numpy() / 1e3, any(level in _BAD for level in t.levels)
        )
        for t in counted
    ]


def _shown(a: LogAnomaly) -> dict[str, Any]:
    return {
        "kind": a.kind, "service": a.service, "template": redact(a.template[:500]), "began": datetime.fromtimestamp(a.began, UTC).isoformat(),
        "before_per_minute": a.before, "during_per_minute": a.during, "count": a.count, "words": redact(a.words),
        "logql": redact(logql('{namespace=~".+"}', a.template)),
    }  # fmt: skip
