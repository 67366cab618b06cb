"""The simulated Loki over HTTP: stream selectors, line and label filters, parsers for JSON and logfmt, counts and rates."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.simulate.logs.store import LogDb
from watchkeeper.simulate.ports import LogLine

Now = Callable[[], float]
_LIMIT_MOST = 5000
_MATCHER = re.compile(r'\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*')
_LINE_FILTER = re.compile(r'\s*(\|=|\|~|!=|!~)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)')
_STAGE = re.compile(r"\s*\|\s*(json|logfmt)\b")
_LABEL_FILTER = re.compile(r'\s*\|\s*([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)')
_METRIC = re.compile(
    r"^\s*(?:sum\s+by\s*\(([\w\s,]+)\)\s*\()?\s*(rate|count_over_time)\s*\((.*)\[(\d+)([smh])\]\s*\)\s*\)?\s*$",
    re.DOTALL,
)


class BadLogQl(ValueError):
    """The query cannot be read or is outside the subset: 400, text/plain."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a line must pass. Each test sees the line, its stream labels and what was parsed so far."""

    stream: Callable[[dict[str, str]], bool]
    stages: tuple[Callable[[str, dict[str, str]], bool], ...]


def parse(query: str) -> Pipeline:
    """The subset of docs/reference/simulated-queries.md. Raises BadLogQl."""
    text = query.strip()
    if not text.startswith("{") or "}" not in text:
        raise BadLogQl("parse error at line 1, col 1: syntax error: unexpected IDENTIFIER, expecting {")
    inside, _, rest = text[1:].partition("}")
    tests = [_matcher(part) for part in filter(str.strip, re.split(r",(?=\s*[A-Za-z_])", inside))]
    if not tests:
        raise BadLogQl(
            "parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value"
        )
    stages: list[Callable[[str, dict[str, str]], bool]] = []
    while rest.strip():
        stage, rest = _stage(rest)
        stages.append(stage)
    return Pipeline(lambda labels: all(t(labels) for t in tests), tuple(stages))


def _text(quoted: str) -> str:
    return quoted[1:-1] if quoted.startswith("`") else str(json.loads(quoted))


def _matcher(part: str) -> Callable[[dict[str, str]], bool]:
    found = _MATCHER.fullmatch(part)
    if not found:
        raise BadLogQl(f"parse error at line 1, col 2: syntax error: unexpected {part.strip()!r}")
    name, op, value = found.group(1), found.group(2), _text(found.group(3))
    return lambda labels: _compare(labels.get(name, ""), op, value)


def _compare(said: str, op: str, value: str) -> bool:
    hit = re.fullmatch(value, said) is not None if "~" in op else said == value
    return hit != op.startswith("!")


def _stage(rest: str) -> tuple[Callable[[str, dict[str, str]], bool], str]:
    if found := _LINE_FILTER.match(rest):
        op, value = found.group(1), _text(found.group(2))
        wanted = op.startswith("|")
        if "~" in op:
            pattern = re.compile(value)
            return (lambda line, labels: (pattern.search(line) is not None) == wanted), rest[found.end() :]
        return (lambda line, labels: (value in line) == wanted), rest[found.end() :]
    if found := _STAGE.match(rest):
        return (_json if found.group(1) == "json" else _logfmt), rest[found.end() :]
    if found := _LABEL_FILTER.match(rest):
        name, op, value = found.group(1), found.group(2), _text(found.group(3))
        return (lambda line, labels: _compare(labels.get(name, ""), op, value)), rest[found.end() :]
    raise BadLogQl(f"the simulated Loki does not evaluate: {rest.strip()[:60]}")


def _json(line: str, labels: dict[str, str]) -> bool:
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        labels["__error__"] = "JSONParserErr"
        return True
    for key, value in said.items():
        labels[f"{key}_extracted" if key in labels else key] = value if isinstance(value, str) else json.dumps(value)
    return True


def _logfmt(line: str, labels: dict[str, str]) -> bool:
    for key, quoted, bare in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))', line):
        labels[f"{key}_extracted" if key in labels else key] = quoted or bare
    return True


def app(db: LogDb, now: Now) -> Starlette:
    """The server. `now` is the world's clock."""

    async def query_range(request: Request) -> Response:
        said = dict(request.query_params)
        if request.method == "POST":
            said.update({k: str(v) for k, v in (await request.form()).items()})
        try:
            start, end = _time(said.get("start"), now() - 3600), _time(said.get("end"), now())
            if end < start:
                return PlainTextResponse("end timestamp must not be before or equal to start time\n", 400)
            metric = _METRIC.match(said.get("query", ""))
            if metric:
                step = float(said.get("step", "").rstrip("s") or max((end - start) / 250, 1))
                return _ok({"resultType": "matrix", "result": _counts(db, metric, start, end, step)})
            limit = int(said.get("limit", 100))
            if not 0 < limit <= _LIMIT_MOST:
                return PlainTextResponse(
                    f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {_LIMIT_MOST})\n",
                    400,
                )
            pipeline = parse(said.get("query", ""))
        except ValueError as error:
            return PlainTextResponse(f"{error}\n", 400)
        forward = said.get("direction", "backward") == "forward"
        apart = "categorize-labels" in request.headers.get("x-loki-response-encoding-flags", "")
        return _ok(
            {
                "resultType": "streams",
                "result": _streams(db, pipeline, start, end, limit, forward, apart),
                **({"encodingFlags": ["categorize-labels"]} if apart else {}),
            }
        )

    async def query(request: Request) -> Response:
        metric = _METRIC.match(request.query_params.get("query", ""))
        if not metric:
            return PlainTextResponse(
                "log queries are not supported as an instant query type, please change your query to a range query type\n",
                400,
            )
        at = _time(request.query_params.get("time"), now())
        rows = [
            {"metric": r["metric"], "value": r["values"][-1]} for r in _counts(db, metric, at, at, 1.0) if r["values"]
        ]
        return _ok({"resultType": "vector", "result": rows})

    async def labels(request: Request) -> Response:
        names = sorted({k for x in db.between(now() - 3600, now()) for k in _labels(x)})
        return JSONResponse({"status": "success", **({"data": names} if names else {})})

    async def label_values(request: Request) -> Response:
        name = request.path_params["name"]
        values = sorted({_labels(x)[name] for x in db.between(now() - 3600, now()) if name in _labels(x)})
        return JSONResponse({"status": "success", **({"data": values} if values else {})})

    async def buildinfo(request: Request) -> Response:
        return JSONResponse(
            {
                "version": "3.0.0-simulated",
                "revision": "",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )

    async def ready(request: Request) -> Response:
        return PlainTextResponse("ready\n")

    return Starlette(
        routes=[
            Route("/loki/api/v1/query_range", query_range, methods=["GET", "POST"]),
            Route("/loki/api/v1/query", query),
            Route("/loki/api/v1/labels", labels),
            Route("/loki/api/v1/label/{name}/values", label_values),
            Route("/loki/api/v1/status/buildinfo", buildinfo),
            Route("/ready", ready),
        ],
        exception_handlers={404: lambda request, error: PlainTextResponse("404 page not found\n", 404)},
    )


def _labels(line: LogLine) -> dict[str, str]:
    return {
        "namespace": line.namespace, "pod": line.pod, "container": line.container, "app": line.service,
        "service_name": line.service, "detected_level": line.level,
    }  # fmt: skip


def _passing(
    db: LogDb, pipeline: Pipeline, start: float, end: float
) -> list[tuple[LogLine, dict[str, str], dict[str, str]]]:
    out = []
    for line in db.between(start, end):
        stream = _labels(line)
        if not pipeline.stream(stream):
            continue
        labels = {**stream, **({"trace_id": line.trace_id} if line.trace_id else {})}
        if all(stage(line.text, labels) for stage in pipeline.stages):
            parsed = {k: v for k, v in labels.items() if k not in stream and k != "trace_id"}
            out.append((line, stream, parsed))
    return out


def _streams(
    db: LogDb, pipeline: Pipeline, start: float, end: float, limit: int, forward: bool, apart: bool
) -> list[dict[str, Any]]:
    """Streams are ordered within themselves, not between each other; `limit` is over all of them."""
    found = _passing(db, pipeline, start, end)
    found = found[:limit] if forward else found[-limit:][::-1]
    streams: dict[tuple[tuple[str, str], ...], list[Any]] = {}
    for line, stream, parsed in found:
        metadata = {"trace_id": line.trace_id} if line.trace_id else {}
        at = str(round(line.at * 1e6) * 1000)
        key = stream if apart else {**stream, **metadata, **parsed}
        extra: list[Any] = []
        if apart:
            extra = [{k: v for k, v in (("structuredMetadata", metadata), ("parsed", parsed)) if v}]
        streams.setdefault(tuple(sorted(key.items())), []).append([at, line.text, *extra])
    return [{"stream": dict(key), "values": values} for key, values in streams.items()]


def _counts(db: LogDb, metric: re.Match[str], start: float, end: float, step: float) -> list[dict[str, Any]]:
    by, function, inner, amount, unit = metric.groups()
    width = int(amount) * {"s": 1, "m": 60, "h": 3600}[unit]
    names = [n.strip() for n in by.split(",")] if by else None
    groups: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for line, stream, parsed in _passing(db, parse(inner), start - width, end):
        labels = {**stream, **parsed}
        key = {n: labels[n] for n in names if n in labels} if names is not None else labels
        groups.setdefault(tuple(sorted(key.items())), []).append(line.at)
    steps = [start + n * step for n in range(int((end - start) / step) + 1)]
    out = []
    for key_, times in groups.items():
        values = [(t, sum(t - width < at <= t for at in times)) for t in steps]
        shown = [[t, f"{n / width:g}" if function == "rate" else str(n)] for t, n in values if n]
        out.append({"metric": dict(key_), "values": shown})
    return out


def _time(text: str | None, default: float) -> float:
    """Seconds, nanoseconds (long integers) or RFC 3339."""
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        try:
            return datetime.fromisoformat(text).timestamp()
        except ValueError:
            raise BadLogQl(f'could not parse "start" parameter: {text}') from None
    return value / 1e9 if len(text.split(".")[0]) > 12 else value


def _ok(data: dict[str, Any]) -> Response:
    return JSONResponse({"status": "success", "data": {**data, "stats": {}}})
