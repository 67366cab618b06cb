"""Traces from Tempo."""

import asyncio
import base64
import binascii
import math
from typing import Any

import httpx
import polars as pl

from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.evidence import SPAN_SCHEMA, Missing, Signal
from watchkeeper.settings import TempoSource
from watchkeeper.telemetry.budget import Purse
from watchkeeper.telemetry.http import SourceClient
from watchkeeper.telemetry.port import Probe, Reading, Scope, Source, SourceTools

NAME = "tempo"
Row = tuple[str, str, str, str, str, int, int, str]
_STATUS = {"STATUS_CODE_ERROR": "error", "STATUS_CODE_OK": "ok", 2: "error", 1: "ok"}


class Tempo:
    """Searches normal and suspect time alike and reads the traces found."""

    name = NAME
    signals = frozenset({Signal.TRACES})

    def __init__(
        self, settings: TempoSource, tools: SourceTools, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings, self._resolver = settings, tools.resolver
        self._client = SourceClient(
            NAME, settings, Purse(NAME, settings.budget, tools.ledger, tools.clock), transport=transport
        )

    async def read(self, scope: Scope) -> Reading:
        """Spans as a frame. A trace that cannot be read is left out; a search that fails is a Missing."""
        window = scope.window
        half = max(self._settings.max_traces // 2, 1)
        try:
            late = await self._search(scope, window.onset.timestamp(), window.end.timestamp(), half)
            early = await self._search(scope, window.start.timestamp(), window.onset.timestamp(), half)
            rows = await self._traces(scope, [*early, *late])
        except SourceError as error:
            return Reading(missing=(Missing(Signal.TRACES, NAME, "{}", str(error)),))
        if not rows:
            return Reading(missing=(Missing(Signal.TRACES, NAME, "{}", "it answers, but has no traces in this scope"),))
        return Reading(spans=pl.DataFrame(rows, schema=SPAN_SCHEMA, orient="row"))

    async def _search(self, scope: Scope, start: float, end: float, limit: int) -> list[str]:
        """Trace ids, padded: search results drop leading zeros. Times are whole seconds."""
        params = {
            "q": "{}",
            "start": str(math.floor(start)),
            "end": str(math.ceil(end)),
            "limit": str(limit),
            "spss": "1",
        }
        answer = await self._client.json("/api/search", params, incident=scope.incident_id)
        return [str(t["traceID"]).rjust(32, "0") for t in answer.get("traces") or []]

    async def _traces(self, scope: Scope, ids: list[str]) -> list[Row]:
        found = await asyncio.gather(*(self._trace(scope, i) for i in dict.fromkeys(ids)), return_exceptions=True)
        errors = [f for f in found if isinstance(f, SourceError)]
        other = next((f for f in found if isinstance(f, BaseException) and not isinstance(f, SourceError)), None)
        if other is not None:
            raise other
        if errors and len(errors) == len(found):
            raise errors[0]
        return [row for rows in found if isinstance(rows, list) for row in rows]

    async def _trace(self, scope: Scope, trace_id: str) -> list[Row]:
        answer = await self._client.json(
            f"/api/v2/traces/{trace_id}", incident=scope.incident_id, headers={"Accept": "application/json"}
        )
        return spans_of(answer, self._resolver.resolve)

    async def probe(self) -> list[Probe]:
        """Does it answer?"""
        try:
            await self._client.json("/api/search", {"q": "{}", "limit": "1"})
        except SourceError as error:
            return [Probe(NAME, False, str(error), error.hint)]
        return [Probe(NAME, True, f"answers at {self._client.url}")]

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()


def spans_of(body: dict[str, Any], resolve: Any) -> list[Row]:
    """Rows of SPAN_SCHEMA from either API version: v2 `{trace: {resourceSpans}}`, v1 `{batches}`; unknown is empty."""
    batches = (body.get("trace") or {}).get("resourceSpans") or body.get("batches") or []
    rows: list[Row] = []
    for batch in batches:
        resource = {a["key"]: _text(a.get("value", {})) for a in (batch.get("resource") or {}).get("attributes", [])}
        service = resolve("traces", resource)
        for scope in batch.get("scopeSpans") or batch.get("instrumentationLibrarySpans") or []:
            rows += [_row(span, service) for span in scope.get("spans", [])]
    return rows


def _row(span: dict[str, Any], service: str) -> Row:
    start, end = int(span["startTimeUnixNano"]), int(span.get("endTimeUnixNano", span["startTimeUnixNano"]))
    parent = hexadecimal(span.get("parentSpanId", ""), 16)
    status = _STATUS.get((span.get("status") or {}).get("code", ""), "")
    return (
        hexadecimal(span["traceId"], 32), hexadecimal(span["spanId"], 16), parent, service, span.get("name", ""),
        start // 1000, (end - start) // 1000, status,
    )  # fmt: skip


def hexadecimal(identifier: str, digits: int) -> str:
    """Ids come as base64 in trace JSON and as hexadecimal elsewhere; zeros as "" (no parent)."""
    if not identifier:
        return ""
    if len(identifier) == digits and all(c in "0123456789abcdefABCDEF" for c in identifier):
        out = identifier.lower()
    else:
        try:
            out = base64.b64decode(identifier, validate=True).hex().rjust(digits, "0")
        except (binascii.Error, ValueError):
            out = identifier.lower().rjust(digits, "0")
    return "" if set(out) == {"0"} else out


def _text(value: dict[str, Any]) -> str:
    return str(next(iter(value.values()), ""))


def build(settings: TempoSource, tools: SourceTools) -> Source:
    """From `sources.tempo`."""
    return Tempo(settings, tools)
