"""The command line as a client of a running server's API."""

import os
from typing import Any

import httpx

from watchkeeper.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, SourceUnavailable, WatchkeeperError

_ERRORS: dict[int, type[WatchkeeperError]] = {
    401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: Conflict, 400: InvalidInput, 422: InvalidInput,
}  # fmt: skip


def call(method: str, path: str, **options: Any) -> Any:
    """The JSON answer of the server at WATCHKEEPER_URL, asked with WATCHKEEPER_TOKEN."""
    return _asked(method, path, **options).json()


def call_text(method: str, path: str, **options: Any) -> str:
    """The same for an answer that is text."""
    return _asked(method, path, **options).text


def _asked(method: str, path: str, **options: Any) -> httpx.Response:
    url = os.environ.get("WATCHKEEPER_URL", "http://127.0.0.1:8000").rstrip("/")
    token = os.environ.get("WATCHKEEPER_TOKEN", "")
    headers = options.pop("headers", None) or ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        answer = httpx.request(method, url + path, headers=headers, timeout=30, **options)
    except httpx.HTTPError as error:
        hint = "start it with `watchkeeper serve`, or set WATCHKEEPER_URL"
        raise SourceUnavailable(f"no Watchkeeper answers at {url}: {error}", hint=hint) from None
    if answer.is_error:
        raise _error(answer)
    return answer


def _error(answer: httpx.Response) -> WatchkeeperError:
    try:
        problem = answer.json()
    except ValueError:
        problem = {"detail": answer.text[:200]}
    kind = _ERRORS.get(answer.status_code, WatchkeeperError)
    return kind(
        problem.get("detail") or problem.get("title") or f"HTTP {answer.status_code}", hint=problem.get("hint", "")
    )
