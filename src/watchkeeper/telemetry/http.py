"""One way to ask a server over HTTP: prefix, tenant, credentials, certificates, limits, patience, and words for errors."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Any

import httpx

from watchkeeper import observe
from watchkeeper.domain.errors import ConfigurationError, SourceRefused, SourceUnavailable
from watchkeeper.settings import HttpSource, guarded
from watchkeeper.telemetry.budget import Purse, Spend

_AGAIN = (429, 502, 503, 504)
_BREAKER_SECONDS = 15.0


class SourceClient:
    """Asks one server. Raises SourceUnavailable (may pass), SourceRefused (will not), BudgetExceeded."""

    def __init__(
        self, name: str, settings: HttpSource, purse: Purse, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name, self.url = name, settings.url.rstrip("/")
        self._settings, self._purse = settings, purse
        self._gate = asyncio.Semaphore(settings.concurrency)
        headers = {"X-Scope-OrgID": settings.tenant} if settings.tenant else {}
        if token := settings.token.get_secret_value():
            headers["Authorization"] = f"Bearer {token}"
        auth = (settings.username, settings.password.get_secret_value()) if settings.username else None
        self._client = httpx.AsyncClient(
            headers=headers, auth=auth, timeout=settings.timeout_seconds, transport=transport, verify=_trust(settings),
            event_hooks={"response": [] if settings.allow_link_local else [self._not_guarded]},
        )  # fmt: skip

    async def _not_guarded(self, answer: httpx.Response) -> None:
        """A name may lead to a metadata address, now or later: what answered is looked at, not what was written."""
        stream = answer.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream is not None else None
        if peer and guarded(str(peer[0])):
            raise SourceRefused(
                f"{self.name} at {self.url} leads to {peer[0]}, where no source may",
                hint=f"set sources.{self.name}.allow_link_local if that is meant",
            )

    async def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        incident: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer with a status below 300."""
        async with self._gate:
            for attempt in range(self._settings.retries + 1):
                await self._purse.ask(incident)
                last = attempt == self._settings.retries
                began = time.monotonic()
                try:
                    answer = await self._client.get(
                        self.url + path, params=dict(params or {}), headers=dict(headers or {})
                    )
                except (httpx.InvalidURL, httpx.DecodingError) as error:
                    raise SourceRefused(f"{self.name} at {self.url} cannot be asked: {error}") from None
                except httpx.TransportError as error:
                    if last:
                        raise self._unreachable(error) from None
                else:
                    await self._purse.pay(incident, Spend(bytes=len(answer.content), seconds=time.monotonic() - began))
                    observe.SOURCE_QUERIES.labels(self.name, str(answer.status_code)).inc()
                    if answer.status_code not in _AGAIN:
                        return self._good(answer)
                    if last:
                        raise self._overloaded(answer)
                await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    async def json(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        incident: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer as a JSON object. A login page or another server's page is SourceRefused."""
        answer = await self.get(path, params, incident=incident, headers=headers)
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            hint = f"check sources.{self.name}.url"
            raise SourceRefused(
                f"{self.name} at {self.url} does not answer with JSON: is this the right address?", hint=hint
            )
        return body

    async def close(self) -> None:
        """Give connections back."""
        await self._client.aclose()

    def _good(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        words = _first_words(answer)
        if answer.status_code in (401, 403):
            hint = f"set sources.{self.name}.token, username and password, or tenant"
            raise SourceRefused(
                f"{self.name} at {self.url} refuses our credentials ({answer.status_code}): {words}",
                hint=hint,
                status=answer.status_code,
            )
        raise SourceRefused(f"{self.name} at {self.url} says {answer.status_code}: {words}", status=answer.status_code)

    def _overloaded(self, answer: httpx.Response) -> SourceUnavailable:
        said = answer.headers.get("retry-after", "")
        wait = float(said) if said.isdigit() else _BREAKER_SECONDS
        if answer.status_code in (429, 503):
            self._purse.trip(wait)
        return SourceUnavailable(
            f"{self.name} at {self.url} says {answer.status_code}: {_first_words(answer)}", retry_after=wait
        )

    def _unreachable(self, error: httpx.TransportError) -> SourceUnavailable:
        observe.SOURCE_QUERIES.labels(self.name, "unreachable").inc()
        why = "did not answer in time" if isinstance(error, httpx.TimeoutException) else f"cannot be reached: {error}"
        variable = f"{self.name.upper()}_URL"
        return SourceUnavailable(
            f"{self.name} at {self.url} {why}", hint=f"check sources.{self.name}.url or {variable}"
        )


def _trust(settings: HttpSource) -> ssl.SSLContext | bool:
    if not (settings.ca_file or settings.cert_file):
        return True
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.key_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"certificate files cannot be used: {error}", hint="check ca_file, cert_file, key_file"
        ) from None
    return context


def _first_words(answer: httpx.Response) -> str:
    """The server's own words: JSON of several shapes, plain text, or nothing."""
    try:
        said = answer.json()
    except ValueError:
        return answer.text.strip()[:200] or "(no words)"
    if isinstance(said, dict):
        said = said.get("error") or said.get("message") or said
    return str(said)[:200]
