"""Around every door: how much a caller may send, how often, and the headers of every answer."""

import hashlib
import math
import time
from collections.abc import Mapping
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper import otlp
from watchkeeper.access.allowance import Allowance
from watchkeeper.access.tokens import COOKIE
from watchkeeper.api import problems
from watchkeeper.settings import ServerSettings

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_STATIC = "/static/"
_UNCOUNTED = ("/healthz", "/readyz", _STATIC)
_SENDERS = "/api/v1/webhooks/"


class Limits:
    """An ASGI layer. Nothing is read beyond the limit, whether or not the sender says how long its body is."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app, self._settings = app, settings
        self._callers = Allowance(settings.requests_per_minute)
        self._strangers = Allowance(settings.anonymous_per_minute)
        self._senders = Allowance(settings.deliveries_per_minute)
        self._headers = dict(_HEADERS)
        if settings.public_url.startswith("https://"):
            self._headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        dressed = self._dressed(scope["path"], send)
        if refusal := self._refusal(scope):
            await refusal(scope, receive, dressed)
            return
        with otlp.span("request", method=scope["method"]):
            await self._measured(scope, receive, dressed)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers, path = Headers(scope=scope), scope["path"]
        said, most = headers.get("content-length", "0"), self._settings.max_body_bytes
        if not said.isdecimal() or len(said) > 18 or int(said) > most:
            return _too_large(most)
        if path.startswith(_UNCOUNTED):
            return None
        address = scope["client"][0] if scope.get("client") else ""
        now, sends = time.monotonic(), path.startswith(_SENDERS)
        if sends:
            wait = self._senders.take(address, now)
        elif secret := _secret(headers):
            wait = self._callers.take(secret, now)
        else:
            wait = self._strangers.take(address, now)
        # Alertmanager drops what is answered with 4xx for good; 503 is sent again.
        return _too_often(wait, 503 if sends else 429) if wait else None

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        most, read, began = self._settings.max_body_bytes, 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise _BodyTooLarge
            return message

        async def unless_too_large(message: Message) -> None:
            nonlocal began
            if read <= most or began:
                began = True
                await send(message)

        with suppress(_BodyTooLarge):
            await self._app(scope, counted, unless_too_large)
        if read > most and not began:
            await _too_large(most)(scope, receive, send)

    def _dressed(self, path: str, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    if name != "Cache-Control" or not path.startswith(_STATIC):
                        headers.setdefault(name, value)
            await send(message)

        return dressed


class _BodyTooLarge(Exception):
    """More came than may be read."""


def _secret(headers: Mapping[str, str]) -> str:
    """What names the caller, as a hash: the token it shows."""
    shown = headers.get("authorization") or cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest() if shown else ""


def _too_large(most: int) -> Response:
    return problems.problem(413, "Too large", f"at most {most} bytes are read")


def _too_often(wait: float, status: int) -> Response:
    answer = problems.problem(status, "Too often", f"this caller may ask again in {math.ceil(wait)} seconds")
    answer.headers["Retry-After"] = str(math.ceil(wait))
    return answer
