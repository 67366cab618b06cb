"""Asking a CI system by HTTP: patience with rate limits and falling servers, logs that go on where they broke off."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from watchkeeper.codehosts.ci_port import Sink
from watchkeeper.domain.errors import CodeHostError, CodeHostUnavailable, NotFound

TRIES = 3
LONGEST_WAIT = 20.0
"""Seconds one call waits for a rate limit; a longer one is CodeHostUnavailable, and the run is looked at later."""
LARGEST = 2_000_000_000
"""Bytes of a log that are read"""


class Asking:
    """One server."""

    def __init__(self, name: str, client: httpx.AsyncClient) -> None:
        self._name, self._client = name, client

    async def aclose(self) -> None:
        """Give connections back."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, *, allow: tuple[int, ...] = (), **options: Any) -> httpx.Response:
        """The answer, or a CodeHostError. Reads are repeated when the server falls or limits us."""
        tries = TRIES if method == "GET" else 1
        for left in reversed(range(tries)):
            try:
                answer = await self._client.request(method, path, **options)
            except httpx.TransportError as error:
                if not left:
                    raise CodeHostUnavailable(
                        f"{self._name} does not answer: {str(error) or type(error).__name__}"
                    ) from None
                continue
            if answer.is_success or answer.status_code in allow:
                return answer
            wait = _wait(answer)
            if wait is None or not left or wait > LONGEST_WAIT:
                break
            await asyncio.sleep(wait)
        raise self._error(answer, f"{method} {path}")

    def _error(self, answer: httpx.Response, what: str) -> CodeHostError | NotFound:
        status = answer.status_code
        words = f"{self._name} says {status} to {what}"
        if status in (404, 410):
            return NotFound(words)
        if _wait(answer) is not None:
            return CodeHostUnavailable(words)
        if status in (401, 403):
            return CodeHostError(words, hint="check the token of this CI system and its permissions")
        return CodeHostError(words)

    async def stream(self, path: str, sink: Sink, *, headers: Mapping[str, str] | None = None) -> bool:
        """A large answer block by block; a connection that breaks is taken up again by a range. False: 404 or 410."""
        got, total = 0, -1
        for left in reversed(range(TRIES)):
            ranged = {"Range": f"bytes={got}-"} if got else {}
            try:
                async with self._client.stream(
                    "GET", path, headers={**(headers or {}), **ranged}, follow_redirects=True
                ) as answer:
                    if answer.status_code in (404, 410):
                        return False
                    if answer.is_error:
                        raise self._error(answer, f"GET {path}")
                    skip = got if answer.status_code != 206 else 0
                    async for block in answer.aiter_bytes():
                        fresh = block[skip:]
                        skip = max(0, skip - len(block))
                        got += len(fresh)
                        sink(fresh)
                        if got > LARGEST:
                            return True
                    return True
            except httpx.TransportError as error:
                if not left:
                    raise CodeHostUnavailable(f"{self._name} broke off its log after {got} bytes: {error}") from None
        return total < 0


def _wait(answer: httpx.Response) -> float | None:
    """Seconds to wait before asking again; None where asking again is of no use."""
    limited = answer.status_code == 429 or (
        answer.status_code == 403
        and (answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers)
    )
    if not limited and answer.status_code < 500:
        return None
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdigit() else (60.0 if limited else 0.2)
