"""The simulated Tempo over HTTP: search by a subset of TraceQL, and traces by id in both API versions."""

import base64
import re
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.simulate.ports import Span
from watchkeeper.simulate.traces.store import SpanDb

Now = Callable[[], float]
_DAY = 86400.0
_LONGEST = 7 * _DAY
_CONDITION = re.compile(r"\s*([\w.:]+)\s*(=~|!=|>=|<=|=|>|<)\s*(\"[^\"]*\"|[\w.]+)\s*")
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
Test = Callable[[Span], bool]


class BadTraceQl(ValueError):
    """The query cannot be read or is outside the subset."""


def parse(query: str) -> Test:
    """`{ a = "b" && c > 10ms || … }`: conditions joined by && and ||, && binding tighter. Raises BadTraceQl."""
    text = query.strip()
    if not text:
        return lambda span: True
    if not (text.startswith("{") and text.endswith("}")):
        raise BadTraceQl(f"invalid TraceQL query: the simulated Tempo does not evaluate: {text[:60]}")
    inside = text[1:-1].strip()
    if inside in ("", "true"):
        return lambda span: True
    either = [[_condition(c) for c in part.split("&&")] for part in inside.split("||")]
    return lambda span: any(all(test(span) for test in tests) for tests in either)


def _condition(text: str) -> Test:
    found = _CONDITION.fullmatch(text)
    if not found:
        raise BadTraceQl(
            f"invalid TraceQL query: parse error at line 1, col 2: syntax error: unexpected {text.strip()[:40]!r}"
        )
    name, op, raw = found.groups()
    read = _reader(name)
    wanted: Any = raw.strip('"')
    if name == "duration":
        number = re.fullmatch(r"([\d.]+)(ns|us|ms|s|m)", wanted)
        if not number:
            raise BadTraceQl(f"invalid TraceQL query: not a duration: {wanted}")
        wanted = float(number.group(1)) * _UNITS[number.group(2)]
    match op:
        case "=":
            return lambda span: read(span) == wanted
        case "!=":
            return lambda span: read(span) != wanted
        case "=~":
            return lambda span: re.fullmatch(wanted, str(read(span))) is not None
        case ">":
            return lambda span: read(span) > wanted
        case "<":
            return lambda span: read(span) < wanted
        case ">=":
            return lambda span: read(span) >= wanted
        case _:
            return lambda span: read(span) <= wanted


def _reader(name: str) -> Callable[[Span], Any]:
    match name:
        case "status":
            return lambda span: "error" if span.error else "unset"
        case "duration":
            return lambda span: span.duration
        case "name":
            return lambda span: span.name
        case "kind":
            return lambda span: span.kind
    if name.startswith("resource."):
        return lambda span: span.resource.get(name.removeprefix("resource."), "")
    if name.startswith(("span.", ".")):
        key = name.split(".", 1)[1]
        return lambda span: span.attributes.get(key, span.resource.get(key, ""))
    raise BadTraceQl(f"invalid TraceQL query: the simulated Tempo does not know {name}")


def app(db: SpanDb, now: Now) -> Starlette:
    """The server. `now` is the world's clock."""

    async def search(request: Request) -> Response:
        said = request.query_params
        try:
            start, end = _seconds(said.get("start"), now() - 900), _seconds(said.get("end"), now())
            limit, each = int(said.get("limit", 20)), int(said.get("spss", 3))
            if end - start > _LONGEST:
                return PlainTextResponse(
                    f"range specified by start and end exceeds {int(_LONGEST // 3600)}h0m0s. received start={int(start)} end={int(end)}",
                    400,
                )
            test = parse(said.get("q", ""))
        except ValueError as error:
            return PlainTextResponse(str(error), 400)
        traces = []
        for trace_id, spans in db.between(start, end):
            matched = [s for s in spans if test(s)]
            if matched:
                traces.append(_summary(trace_id, spans, matched, each))
            if len(traces) >= limit:
                break
        return JSONResponse({"traces": traces, "metrics": {"inspectedTraces": len(traces)}})

    async def trace_v1(request: Request) -> Response:
        spans = _of(db, request.path_params["id"])
        return JSONResponse({"batches": _batches(spans)}) if spans else Response(status_code=404)

    async def trace_v2(request: Request) -> Response:
        spans = _of(db, request.path_params["id"])
        return JSONResponse({"trace": {"resourceSpans": _batches(spans)} if spans else {}, "metrics": {}})

    async def echo(request: Request) -> Response:
        return PlainTextResponse("echo")

    async def ready(request: Request) -> Response:
        return PlainTextResponse("ready\n")

    async def buildinfo(request: Request) -> Response:
        return JSONResponse({"version": "2.8.0-simulated", "revision": "", "branch": "", "goVersion": ""})

    return Starlette(
        routes=[
            Route("/api/search", search),
            Route("/api/traces/{id}", trace_v1),
            Route("/api/v2/traces/{id}", trace_v2),
            Route("/api/echo", echo),
            Route("/api/status/buildinfo", buildinfo),
            Route("/ready", ready),
        ],
        exception_handlers={404: lambda request, error: PlainTextResponse("404 page not found\n", 404)},
    )


def _seconds(text: str | None, default: float) -> float:
    if not text:
        return default
    if len(text) > 12:
        raise ValueError(f'invalid start: strconv.ParseInt: parsing "{text}": value out of range')
    return float(int(text))


def _of(db: SpanDb, trace_id: str) -> list[Span]:
    return db.trace(trace_id.lower().rjust(32, "0"))


def _summary(trace_id: str, spans: list[Span], matched: list[Span], each: int) -> dict[str, Any]:
    """Ids lose their leading zeros here, and a duration of zero is left out, as in the real server."""
    start = min(s.start for s in spans)
    root = next((s for s in spans if not s.parent_id), None)
    millis = int((max(s.start + s.duration for s in spans) - start) * 1000)
    shown = [
        {
            "spanID": s.span_id,
            "name": s.name,
            "startTimeUnixNano": _nanos(s.start),
            "durationNanos": str(int(s.duration * 1e9)),
        }
        for s in matched[:each]
    ]
    return {
        "traceID": trace_id.lstrip("0"), "rootServiceName": root.service if root else "<root span not yet received>",
        "rootTraceName": root.name if root else "", "startTimeUnixNano": _nanos(start), **({"durationMs": millis} if millis else {}),
        "spanSets": [{"spans": shown, "matched": len(matched)}],
    }  # fmt: skip


def _nanos(at: float) -> str:
    return str(round(at * 1e6) * 1000)


def _batches(spans: list[Span]) -> list[dict[str, Any]]:
    """Grouped by resource. Ids are base64, integers are strings, an unset status is {}."""
    groups: dict[tuple[tuple[str, str], ...], list[Span]] = {}
    for span in spans:
        groups.setdefault(tuple(sorted(span.resource.items())), []).append(span)
    return [
        {
            "resource": {"attributes": [{"key": k, "value": {"stringValue": v}} for k, v in resource]},
            "scopeSpans": [{"scope": {"name": "shop"}, "spans": [_span(s) for s in members]}],
        }
        for resource, members in groups.items()
    ]


def _span(span: Span) -> dict[str, Any]:
    return {
        "traceId": _base64(span.trace_id), "spanId": _base64(span.span_id), **({"parentSpanId": _base64(span.parent_id)} if span.parent_id else {}),
        "name": span.name, "kind": f"SPAN_KIND_{span.kind.upper()}", "startTimeUnixNano": _nanos(span.start),
        "endTimeUnixNano": _nanos(span.start + span.duration), "attributes": [{"key": k, "value": _value(v)} for k, v in span.attributes.items()],
        "status": {"code": "STATUS_CODE_ERROR"} if span.error else {},
    }  # fmt: skip


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": str(value)}


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
