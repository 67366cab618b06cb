"""One JSON body to one address, with the errors of the announcer's port."""

from collections.abc import Mapping

import httpx

from watchkeeper.domain.errors import SourceRefused, SourceUnavailable

_AGAIN = frozenset({408, 425, 429})


async def post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> None:
    """Raises SourceUnavailable (transport, 5xx, 408, 425, 429) or SourceRefused (any other status that is no success)."""
    try:
        async with httpx.AsyncClient(timeout=timeout_seconds) as client:
            answer = await client.post(url, content=body, headers={"Content-Type": "application/json", **headers})
    except httpx.HTTPError as error:
        raise SourceUnavailable(f"{httpx.URL(url).host} does not take notices: {error}") from None
    if answer.status_code >= 500 or answer.status_code in _AGAIN:
        raise SourceUnavailable(f"{httpx.URL(url).host} answers {answer.status_code}")
    if not answer.is_success:
        raise SourceRefused(f"{httpx.URL(url).host} refuses: {answer.text[:200]}", status=answer.status_code)
