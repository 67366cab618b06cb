"""The one place where errors become HTTP: RFC 9457 problem documents."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from watchkeeper.domain import errors
from watchkeeper.domain.errors import WatchkeeperError

_STATUS: Mapping[type[WatchkeeperError], tuple[int, str]] = {
    errors.InvalidInput: (422, "The input cannot be read"),
    errors.NotAllowed: (403, "Not allowed"),
    errors.NotFound: (404, "Not found"),
    errors.Conflict: (409, "It changed meanwhile"),
    errors.IntakeFull: (503, "Too many alerts wait"),
    errors.StoreUnavailable: (503, "The database does not answer"),
    errors.SourceUnavailable: (502, "A telemetry source does not answer"),
    errors.SourceError: (502, "A telemetry source cannot answer"),
    errors.CodeHostError: (502, "The code host cannot answer"),
    errors.PolicyBroken: (500, "The policy is broken"),
}


def problem(status: int, title: str, detail: str, **more: str) -> JSONResponse:
    """`type` names the kind by its title; empty members are left out."""
    kind = f"https://watchkeeper.dev/problems/{title.lower().replace(' ', '-')}"
    body = {"type": kind, "title": title, "status": status, "detail": detail, **{k: v for k, v in more.items() if v}}
    headers = {"Retry-After": "5"} if status == 503 else {}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def of_error(error: WatchkeeperError) -> JSONResponse:
    """The problem an error of ours means."""
    status, title = next((_STATUS[k] for k in type(error).__mro__ if k in _STATUS), (500, "Something went wrong"))
    if isinstance(error, errors.NotAllowed) and "token" in str(error):
        status, title = 401, "Who is asking?"
    return problem(status, title, str(error), field=getattr(error, "field", ""), hint=error.hint)


def install(app: FastAPI) -> None:
    """Errors of every route become problems."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, WatchkeeperError)
        return of_error(error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        return problem(422, "The input cannot be read", str(first["msg"]), field=path_of(first["loc"]))

    async def other(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, str(error.detail), str(error.detail))

    app.add_exception_handler(WatchkeeperError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, other)


def path_of(location: tuple[object, ...] | list[object]) -> str:
    """`("body", "alerts", 0, "startsAt")` as `alerts[0].startsAt`."""
    out = ""
    for part in location[1:] if location and location[0] in ("body", "query", "path") else location:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out
