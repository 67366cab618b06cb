"""The simulated Prometheus over HTTP: `/api/v1/query`, `query_range` and what goes with them."""

import asyncio
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import promql_parser as parser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.simulate.metrics import promql
from watchkeeper.simulate.metrics.rules import RuleEngine
from watchkeeper.simulate.metrics.tsdb import MetricDb

_POINTS = 11_000
Now = Callable[[], float]


def app(db: MetricDb, now: Now, rules: RuleEngine | None = None, started: float = 0.0) -> Starlette:
    """The server. `now` is the world's clock."""

    async def query(request: Request) -> Response:
        said = await _parameters(request)
        text = said.get("query", "")
        if not text:
            return _error(
                400,
                "bad_data",
                'invalid parameter "query": unknown position: parse error: no expression found in input',
            )
        try:
            at = _time(said.get("time"), now())
            raw = promql.raw_range(db, text, at)
            if raw is not None:
                rows = [{"metric": m, "values": [_point(t, v) for t, v in points]} for m, points in raw]
                return _ok({"resultType": "matrix", "result": rows})
            value = await asyncio.to_thread(promql.evaluate, db, text, np.array([at]))
        except promql.ExecutionError as error:
            return _error(422, "execution", str(error))
        except ValueError as error:
            return _error(400, "bad_data", str(error))
        return _ok(_instant(value, at))

    async def query_range(request: Request) -> Response:
        said = await _parameters(request)
        try:
            start, end = _time(said.get("start"), None), _time(said.get("end"), None)
            step = _duration(said.get("step", ""))
            if end < start:
                raise ValueError('invalid parameter "end": end timestamp must not be before start time')
            if step <= 0:
                raise ValueError(
                    'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer'
                )
            if (end - start) / step > _POINTS:
                raise ValueError(
                    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
                )
            times = np.asarray(start + step * np.arange(int((end - start) / step + 1e-9) + 1), dtype=np.float64)
            value = await asyncio.to_thread(promql.evaluate, db, said.get("query", ""), times)
        except promql.ExecutionError as error:
            return _error(422, "execution", str(error))
        except ValueError as error:
            return _error(400, "bad_data", str(error))
        return _ok({"resultType": "matrix", "result": _matrix(value, times)})

    async def series(request: Request) -> Response:
        said = request.query_params.getlist("match[]")
        if not said:
            return _error(400, "bad_data", "no match[] parameter provided")
        try:
            found = [s for text in said for s in db.find(promql.matchers_of(promql.parse(text)))]
        except ValueError as error:
            return _error(400, "bad_data", str(error))
        return _ok([dict(s.labels) for s in found])

    async def labels(request: Request) -> Response:
        return _ok(sorted({k for s in db.find([]) for k in s.labels}))

    async def label_values(request: Request) -> Response:
        name = request.path_params["name"]
        return _ok(sorted({s.labels[name] for s in db.find([]) if name in s.labels}))

    async def alerts(request: Request) -> Response:
        return _ok({"alerts": rules.alerts_json() if rules else []})

    async def rule_groups(request: Request) -> Response:
        return _ok({"groups": rules.groups_json() if rules else []})

    async def runtimeinfo(request: Request) -> Response:
        begun = datetime.fromtimestamp(started).astimezone().isoformat()
        return _ok({"startTime": begun, "reloadConfigSuccess": True, "timeSeriesCount": len(db.find([]))})

    async def buildinfo(request: Request) -> Response:
        return _ok(
            {
                "version": "2.42.0",
                "revision": "simulated",
                "goVersion": "",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
            }
        )

    async def healthy(request: Request) -> Response:
        return PlainTextResponse("Prometheus Server is Healthy.\n")

    both = ["GET", "POST"]
    return Starlette(
        routes=[
            Route("/api/v1/query", query, methods=both),
            Route("/api/v1/query_range", query_range, methods=both),
            Route("/api/v1/series", series),
            Route("/api/v1/labels", labels),
            Route("/api/v1/label/{name}/values", label_values),
            Route("/api/v1/alerts", alerts),
            Route("/api/v1/rules", rule_groups),
            Route("/api/v1/status/runtimeinfo", runtimeinfo),
            Route("/api/v1/status/buildinfo", buildinfo),
            Route("/-/healthy", healthy),
            Route("/-/ready", healthy),
        ],
        exception_handlers={404: lambda request, error: PlainTextResponse("404 page not found\n", 404)},
    )


async def _parameters(request: Request) -> dict[str, str]:
    said = dict(request.query_params)
    if request.method == "POST":
        said.update({k: str(v) for k, v in (await request.form()).items()})
    return said


def _time(text: str | None, default: float | None) -> float:
    if text is None or text == "":
        if default is None:
            raise ValueError('invalid parameter "start": cannot parse "" to a valid timestamp')
        return default
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise ValueError(f'invalid parameter "time": cannot parse "{text}" to a valid timestamp') from None


def _duration(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(parser.parse_duration(text).total_seconds())
    except ValueError:
        raise ValueError(f'invalid parameter "step": cannot parse "{text}" to a valid duration') from None


def number(value: float) -> str:
    """A sample value as Prometheus writes it: always a string."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    return repr(float(value))


def _point(at: float, value: float) -> list[Any]:
    moment = round(at, 3)
    return [int(moment) if moment == int(moment) else moment, number(value)]


def _instant(value: promql.Value, at: float) -> dict[str, Any]:
    if isinstance(value, promql.Text):
        moment = _point(at, 0)[0]
        return {"resultType": "string", "result": [moment, value.value]}
    if isinstance(value, promql.Scalar):
        return {"resultType": "scalar", "result": _point(at, float(value.values[0]))}
    rows = [
        {"metric": labels, "value": _point(at, float(value.values[row, 0]))}
        for row, labels in enumerate(value.labels)
        if value.present[row, 0]
    ]
    return {"resultType": "vector", "result": rows}


def _matrix(value: promql.Value, times: Any) -> list[dict[str, Any]]:
    if isinstance(value, promql.Text):
        raise ValueError('invalid expression type "string" for range query, must be Scalar or instant Vector')
    if isinstance(value, promql.Scalar):
        return [{"metric": {}, "values": [_point(t, v) for t, v in zip(times, value.values, strict=True)]}]
    return [
        {
            "metric": labels,
            "values": [_point(times[j], value.values[row, j]) for j in np.flatnonzero(value.present[row])],
        }
        for row, labels in enumerate(value.labels)
    ]


def _ok(data: Any) -> Response:
    return JSONResponse({"status": "success", "data": data})


def _error(status: int, kind: str, words: str) -> Response:
    return JSONResponse({"status": "error", "errorType": kind, "error": words}, status)
