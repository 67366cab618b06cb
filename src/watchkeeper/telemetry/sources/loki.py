"""Logs from Loki."""

import re
from typing import Any

import httpx
import polars as pl

from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.evidence import LOG_SCHEMA, Missing, Signal
from watchkeeper.settings import LokiSource
from watchkeeper.telemetry.budget import Purse, Spend
from watchkeeper.telemetry.http import SourceClient
from watchkeeper.telemetry.names import one_of
from watchkeeper.telemetry.port import Probe, Reading, Scope, Source, SourceTools

NAME = "loki"
_PAGE = 5000
"""Lines in one answer: the server's usual limit."""
_TRACE = re.compile(r"trace_?id[\"']?\s*[=:]\s*[\"']?([0-9a-fA-F]{16,32})", re.IGNORECASE)
_LEVEL = re.compile(r"\b(trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|critical|panic)\b", re.IGNORECASE)
_LEVELS = {"warning": "warn", "err": "error", "notice": "info", "critical": "fatal", "panic": "fatal"}
Row = tuple[int, str, str, str, str, str]


class Loki:
    """Reads lines of normal and of suspect time alike, newest first, as far as the budget goes."""

    name = NAME
    signals = frozenset({Signal.LOGS})

    def __init__(
        self, settings: LokiSource, tools: SourceTools, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings, self._resolver = settings, tools.resolver
        self._purse = Purse(NAME, settings.budget, tools.ledger, tools.clock)
        self._client = SourceClient(NAME, settings, self._purse, transport=transport)

    async def read(self, scope: Scope) -> Reading:
        """Lines as a frame; what the budget left out is a Missing."""
        window = scope.window
        rows: list[Row] = []
        missing: list[Missing] = []
        for start, end in ((window.onset, window.end), (window.start, window.onset)):
            try:
                found, cut = await self._lines(scope, start.timestamp(), end.timestamp(), self._settings.max_lines // 2)
            except SourceError as error:
                missing.append(Missing(Signal.LOGS, NAME, self._selector(scope), str(error)))
                break
            rows += found
            if cut:
                missing.append(
                    Missing(
                        Signal.LOGS,
                        NAME,
                        self._selector(scope),
                        f"only the newest {len(found)} lines before {end:%H:%M:%S} were read",
                    )
                )
        rows.sort(key=lambda row: row[0])
        frame = pl.DataFrame(rows, schema=LOG_SCHEMA, orient="row") if rows else None
        if frame is None and not missing:
            missing.append(
                Missing(Signal.LOGS, NAME, self._selector(scope), "it answers, but has no lines in this scope")
            )
        return Reading(logs=frame, missing=tuple(missing))

    def _selector(self, scope: Scope) -> str:
        if not scope.namespaces:
            return '{namespace=~".+"}'
        return self._settings.selector.replace("$namespace", one_of(scope.namespaces))

    async def _lines(self, scope: Scope, start: float, end: float, most: int) -> tuple[list[Row], bool]:
        """Page backwards: each page ends where the one before began. Times are integers of nanoseconds throughout."""
        low, high = int(start * 1e9), int(end * 1e9)
        out: list[Row] = []
        seen: set[tuple[int, str, str]] = set()
        while high > low:
            page = await self._page(scope, low, high)
            fresh = [r for r in page if (r[0], r[1], r[3]) not in seen]
            seen |= {(r[0], r[1], r[3]) for r in fresh}
            out += [(ns // 1_000_000, service, level, text, trace, "") for ns, service, level, text, trace in fresh]
            if len(page) < _PAGE or not fresh:
                return out, False
            if len(out) >= most:
                return out, True
            # The end is exclusive; lines of one nanosecond may be split over two pages.
            high = min(r[0] for r in page) + 1
        return out, False

    async def _page(self, scope: Scope, low: int, high: int) -> list[tuple[int, str, str, str, str]]:
        params = {
            "query": self._selector(scope),
            "start": str(low),
            "end": str(high),
            "limit": str(_PAGE),
            "direction": "backward",
        }
        headers = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
        answer = await self._client.json(
            "/loki/api/v1/query_range", params, incident=scope.incident_id, headers=headers
        )
        streams = (answer.get("data") or {}).get("result", [])
        await self._purse.pay(scope.incident_id, Spend(series=len(streams)))
        return [line for stream in streams for line in self._of_stream(stream)]

    def _of_stream(self, stream: dict[str, Any]) -> list[tuple[int, str, str, str, str]]:
        labels = stream["stream"]
        service = self._resolver.resolve("logs", labels)
        out = []
        for ns, text, *rest in stream["values"]:
            extra = rest[0] if rest else {}
            metadata = {**labels, **(extra.get("structuredMetadata") or {}), **(extra.get("parsed") or {})}
            out.append((int(ns), service, level_of(metadata, text), text, trace_of(metadata, text)))
        return out

    async def probe(self) -> list[Probe]:
        """Does it answer, and does it have labels?"""
        try:
            answer = await self._client.json("/loki/api/v1/labels")
        except SourceError as error:
            return [Probe(NAME, False, str(error), error.hint)]
        names = answer.get("data") or []
        words = f"answers at {self._client.url}" + ("" if names else ", but has no streams yet")
        return [Probe(NAME, True, words)]

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()


def level_of(metadata: dict[str, str], text: str) -> str:
    """The level the sender or the server named, else the first level word near the line's beginning."""
    said = metadata.get("level") or metadata.get("severity_text") or metadata.get("detected_level") or ""
    if not said or said == "unknown":
        found = _LEVEL.search(text[:200])
        said = found.group(1) if found else ""
    return _LEVELS.get(said.lower(), said.lower())


def trace_of(metadata: dict[str, str], text: str) -> str:
    """A trace id of 32 digits: leading zeros that were dropped are put back."""
    said = metadata.get("trace_id") or metadata.get("traceID") or metadata.get("traceid") or ""
    if not said:
        found = _TRACE.search(text)
        said = found.group(1) if found else ""
    return said.lower().rjust(32, "0") if said else ""


def build(settings: LokiSource, tools: SourceTools) -> Source:
    """From `sources.loki`."""
    return Loki(settings, tools)
