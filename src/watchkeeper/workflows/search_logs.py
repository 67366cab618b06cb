"""Logs by meaning: the lines of a span, grouped to statements, searched with a plain question, with a way back to the lines."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import numpy as np
import polars as pl

from watchkeeper.domain.errors import InvalidInput, ModelError
from watchkeeper.domain.evidence import LOG_SCHEMA, Signal, Window
from watchkeeper.domain.redaction import redact
from watchkeeper.recall.log_lines import LogHit, TemplateCount, best, logql, with_templates
from watchkeeper.recall.search import Floats
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.names import one_of
from watchkeeper.telemetry.port import Scope
from watchkeeper.workflows.house import House

SPAN = timedelta(hours=1)
"""Looked at where no time is named."""
_LONGEST = timedelta(days=7)
_MOST_EMBEDDED = 2000
"""Statements that a model is asked about for one question."""
_EXAMPLE = 500


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """What is looked for and where; empty: everywhere. Times are aware."""

    words: str = ""
    service: str = ""
    level: str = ""
    namespace: str = ""
    start: datetime | None = None
    end: datetime | None = None
    limit: int = 10


async def search_logs(house: House, asked: LogQuestion) -> Mapping[str, Any]:
    """Statements that answer the question, best first, each with its best lines. Raises InvalidInput."""
    if not asked.words.strip():
        raise InvalidInput("what is looked for?", field="q")
    lines, counted, said = await _read(house, asked)
    similarity = await _similarity(house, asked.words, counted)
    hits = await asyncio.to_thread(best, asked.words, lines, counted, asked.limit, 3, similarity)
    return {**said, "question": asked.words, "items": [_shown_hit(house, asked, hit) for hit in hits]}


async def log_templates(house: House, asked: LogQuestion) -> Mapping[str, Any]:
    """Every statement of the span with its count, the most frequent first."""
    _, counted, said = await _read(house, asked)
    return {**said, "items": [_shown(house, asked, t) for t in counted[: asked.limit]]}


async def read_lines(house: House, asked: LogQuestion) -> tuple[pl.DataFrame, Window, list[str]]:
    """The lines of the span that pass the filters, the span, and what could not be read."""
    window = _window(house, asked)
    sources = [s for s in house.sources if Signal.LOGS in s.signals]
    # Searches of one minute share a purse, so that a busy console cannot ask without end.
    account = f"log search {house.clock.now():%Y-%m-%dT%H:%M}"
    readings = await read_all(sources, Scope(window, tuple(filter(None, [asked.namespace])), asked.service, account))
    frames = [r.logs for r in readings if r.logs is not None]
    lines = pl.concat(frames) if frames else pl.DataFrame(schema=LOG_SCHEMA)
    lines = lines.filter(pl.col("timestamp").is_between(_ms(window.start), _ms(window.end)))
    if asked.service:
        lines = lines.filter(pl.col("service") == asked.service)
    if asked.level:
        lines = lines.filter(pl.col("level").fill_null("").str.to_lowercase() == asked.level.lower())
    missing = [f"{m.source}: {m.reason}" for r in readings for m in r.missing if m.signal is Signal.LOGS]
    return lines, window, missing if sources else ["no source of logs is configured"]


async def _read(house: House, asked: LogQuestion) -> tuple[pl.DataFrame, list[TemplateCount], dict[str, Any]]:
    lines, window, missing = await read_lines(house, asked)
    numbered, counted = await asyncio.to_thread(with_templates, lines)
    said = {
        "start": window.start.isoformat(), "end": window.end.isoformat(), "lines": lines.height, "templates": len(counted),
        "could_not_see": missing,
    }  # fmt: skip
    return numbered, counted, said


def _window(house: House, asked: LogQuestion) -> Window:
    end = asked.end or house.clock.now()
    start = asked.start or end - SPAN
    if not timedelta() < end - start <= _LONGEST:
        raise InvalidInput("the span must end after it starts and last at most 7 days", field="start")
    return Window(start, start + (end - start) / 2, end)


async def _similarity(house: House, question: str, counted: Sequence[TemplateCount]) -> Floats | None:
    """What a configured embedder thinks of each statement; None where there is none or it does not answer."""
    if house.embedder is None or not counted:
        return None
    texts = [redact(t.template) for t in counted[:_MOST_EMBEDDED]]
    try:
        vectors = await house.embedder.embed([question, *texts])
    except ModelError:
        return None
    out = np.zeros(len(counted))
    out[: len(texts)] = vectors[1:] @ vectors[0]
    return out


def _shown_hit(house: House, asked: LogQuestion, hit: LogHit) -> dict[str, Any]:
    lines = [{"at": _iso(at), "message": redact(text[:_EXAMPLE])} for at, text in hit.lines]
    return {
        **_shown(house, asked, hit.found),
        "score": hit.score,
        "because": [redact(b) for b in hit.because],
        "rows": lines,
    }


def _shown(house: House, asked: LogQuestion, t: TemplateCount) -> dict[str, Any]:
    query = logql(_selector(house, asked), t.template)
    return {
        "service": t.service, "template": redact(t.template[:_EXAMPLE]), "count": t.count, "first_seen": _iso(t.first), "last_seen": _iso(t.last),
        "levels": list(t.levels), "example": redact(t.example[:_EXAMPLE]), "logql": redact(query), "link": redact(_link(house, query, t)),
    }  # fmt: skip


def _selector(house: House, asked: LogQuestion) -> str:
    if not asked.namespace:
        return '{namespace=~".+"}'
    return house.settings.sources.loki.selector.replace("$namespace", one_of((asked.namespace,)))


def _link(house: House, query: str, t: TemplateCount) -> str:
    """To Grafana's explorer where one is configured, else to Loki's own answer; "" without either."""
    recall, loki = house.settings.recall, house.settings.sources.loki.url
    low, high = t.first - 1000, t.last + 1000
    if recall.grafana_url:
        source = {"type": "loki", "uid": recall.grafana_loki_uid}
        pane = {
            "datasource": recall.grafana_loki_uid, "queries": [{"refId": "A", "expr": query, "datasource": source}],
            "range": {"from": str(low), "to": str(high)},
        }  # fmt: skip
        asked = {"schemaVersion": "1", "panes": json.dumps({"logs": pane}), "orgId": "1"}
        return f"{recall.grafana_url.rstrip('/')}/explore?{urlencode(asked)}"
    if not loki:
        return ""
    span = {"query": query, "start": str(low * 1_000_000), "end": str(high * 1_000_000), "limit": "1000"}
    return f"{loki.rstrip('/')}/loki/api/v1/query_range?{urlencode(span)}"


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
