"""Log lines by statement, and the slowest operations of traces."""

import asyncio
from datetime import UTC, datetime, timedelta

import polars as pl

from watchkeeper.ask.amounts import amount, clock, listed, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.question import Question
from watchkeeper.detect.templates import TemplateMiner
from watchkeeper.domain.evidence import Signal, Window
from watchkeeper.domain.redaction import redact
from watchkeeper.workflows.answers.seen import Table, around
from watchkeeper.workflows.house import House

_LEVELS = {"error": ("error", "fatal"), "warn": ("warn", "error", "fatal")}
_SHOWN = 8
_LONGEST = 180
_BESIDE = timedelta(minutes=1)


async def logs(house: House, question: Question, asker: Asker) -> Answer:
    """How many lines, and which statements wrote them, most frequent first. Text is redacted; it was written by workloads."""
    span = question.span
    start = span.start if span.named and span.words != "now" else asker.now - timedelta(minutes=15)
    evidence = await around(house, question, Window(start, start, span.end), "", Signal.LOGS)
    frame = evidence.logs
    if frame.is_empty():
        reason = "; ".join(m.reason for m in evidence.missing) or "no log source is configured"
        return Answer(f"I see no log lines: {reason}.", {"count": 0})
    if question.services:
        frame = frame.filter(pl.col("service").is_in(question.services))
    if question.excluded:
        frame = frame.filter(~pl.col("service").is_in(question.excluded))
    if question.detail in _LEVELS:
        frame = frame.filter(pl.col("level").is_in(_LEVELS[question.detail]))
    if question.search:
        frame = frame.filter(pl.col("message").str.to_lowercase().str.contains(question.search.lower(), literal=True))
    cut = [m.reason for m in evidence.missing if "only the newest" in m.reason]
    words, note = span.within("the last 15 minutes"), ""
    if cut:
        # A count of a part is told as a count of that part.
        oldest = int(evidence.logs["timestamp"].min() or 0)  # type: ignore[arg-type]
        words = f"since {clock(datetime.fromtimestamp(oldest / 1000, UTC), asker.zone, asker.now, seconds=True)}"
        note = f"\nOlder lines {span.within('the last 15 minutes')} were not read: {cut[0]}. Ask for a shorter time."
    what = f"{question.detail} line" if question.detail else "line"
    about = (f" with {question.search!r}" if question.search else "") + (
        f" of {listed(list(question.services))}" if question.services else ""
    )
    if frame.is_empty():
        return Answer(f"No {what}{about} {words}.{note}", {"count": 0})
    groups = await asyncio.to_thread(_grouped, frame)
    by_service = {
        str(s): int(n)
        for s, n in frame.group_by("service").len().sort(["len", "service"], descending=[True, False]).iter_rows()
    }
    head = f"{plural(frame.height, what)}{about} {words}: " + listed([f"{s or '?'} {n}" for s, n in by_service.items()])
    lines = [
        f"{n} × {service}: {redact(text)[:_LONGEST]}  (last {clock(datetime.fromtimestamp(last / 1000, UTC), asker.zone, asker.now, seconds=True)})"
        for n, service, text, last in groups[:_SHOWN]
    ]
    more = f"\n… and {plural(len(groups) - _SHOWN, 'further statement')}" if len(groups) > _SHOWN else ""
    data = {
        "count": frame.height,
        "services": by_service,
        "statements": [{"count": n, "service": s, "template": redact(t)[:400]} for n, s, t, _ in groups[:50]],
    }
    return Answer("\n".join([head, *lines]) + more + note, data)


def _grouped(frame: pl.DataFrame) -> list[tuple[int, str, str, int]]:
    """(count, service, template, last seen), most frequent first."""
    miner = TemplateMiner()
    numbers = miner.add_all(frame["message"].to_list())
    counted = (
        frame.with_columns(pl.Series("number", numbers)).group_by("service", "number").agg(pl.len().alias("n"), pl.col("timestamp").max())
        .sort(["n", "service", "number"], descending=[True, False, False])
    )  # fmt: skip
    return [(n, service, miner.template(number), last) for service, number, n, last in counted.iter_rows()]


async def traces(house: House, question: Question, asker: Asker) -> Answer:
    """Operations by how long they take, of the traces sampled in the span."""
    span = question.span
    start = span.start if span.named and span.words != "now" else asker.now - timedelta(minutes=15)
    end = span.end
    if span.moment is not None:
        # Sources keep to the newest traces of a window: a narrow one holds those of the moment.
        start, end = span.moment - _BESIDE, span.moment + _BESIDE
    evidence = await around(house, question, Window(start, start, end), "", Signal.TRACES)
    frame = evidence.spans
    if question.services and not frame.is_empty():
        frame = frame.filter(pl.col("service").is_in(question.services))
    if frame.is_empty():
        reason = (
            "; ".join(m.reason for m in evidence.missing) or "no trace source is configured, or it has none of these"
        )
        return Answer(f"I see no traces: {reason}.", {"operations": []})
    table = (
        frame.group_by("service", "operation")
        .agg(
            pl.len().alias("n"),
            (pl.col("duration_us").quantile(0.95) / 1e6).alias("p95"),
            (pl.col("duration_us").max() / 1e6).alias("most"),
            (pl.col("status") == "error").sum().alias("bad"),
        )
        .sort(["p95", "service"], descending=[True, False])
    )
    rows = [
        (
            f"{s} {op}",
            amount(p95, "s"),
            f"longest {amount(most, 's')}",
            f"{n} seen" + (f", {bad} failed" if bad else ""),
        )
        for s, op, n, p95, most, bad in table.head(8).iter_rows()
    ]
    data = {
        "operations": [
            {"service": s, "operation": op, "seen": n, "p95_seconds": p95, "failed": bad}
            for s, op, n, p95, _, bad in table.head(30).iter_rows()
        ]
    }
    words = span.within("the last 15 minutes")
    oldest, newest = int(frame["start_time_us"].min() or 0), int(frame["start_time_us"].max() or 0)  # type: ignore[arg-type]
    if oldest / 1e6 - start.timestamp() > 0.2 * (end - start).total_seconds():
        at = [
            clock(datetime.fromtimestamp(us / 1e6, UTC), asker.zone, asker.now, seconds=True) for us in (oldest, newest)
        ]
        words += f" (those read are from {at[0]} to {at[1]})"
    traces_read = frame["trace_id"].n_unique()
    return Answer(f"Slowest operations (p95) of {plural(traces_read, 'sampled trace')} {words}:\n{Table(rows)}", data)
