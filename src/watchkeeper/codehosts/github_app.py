"""A GitHub App's credentials: a signed statement who we are, exchanged for a token of an hour."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import datetime
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from watchkeeper.domain.errors import CodeHostError, ConfigurationError
from watchkeeper.settings import DeliverySettings

_STATEMENT_SECONDS, _EARLY, _SKEW = 540, 300, 60
"""How long a statement holds (at most ten minutes are allowed), how early a token is renewed, what clocks may differ."""


class AppToken(httpx.Auth):
    """Adds an installation token to every request, and fetches a new one before the old one ends."""

    requires_response_body = True

    def __init__(self, settings: DeliverySettings, now: Callable[[], float] = time.time) -> None:
        self._app, self._installation = settings.app_id, settings.installation_id
        self._key, self._now = private_key(settings), now
        self._url = f"{settings.url.rstrip('/')}/app/installations/{self._installation}/access_tokens"
        self._token, self._ends = "", 0.0

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """One request more where there is no token that still holds."""
        if self._now() > self._ends - _EARLY:
            answer = yield self._exchange()
            await answer.aread()
            self._keep(answer)
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Our clients are async."""
        raise CodeHostError("a GitHub App's token is used by async clients only")

    def _exchange(self) -> httpx.Request:
        headers = {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {self.statement()}"}
        return httpx.Request("POST", self._url, headers=headers)

    def statement(self) -> str:
        """The signed JWT."""
        at = int(self._now())
        claims: dict[str, object] = {"iat": at - _SKEW, "exp": at + _STATEMENT_SECONDS, "iss": self._app}
        signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        key = load_pem_private_key(self._key.encode(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ConfigurationError("the GitHub App's private key is not an RSA key")
        return f"{signed}.{_encoded(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"

    def _keep(self, answer: httpx.Response) -> None:
        if answer.status_code != 201:
            words = f"GitHub says {answer.status_code} to the App's request for a token"
            raise CodeHostError(words, hint="check delivery.app_id, installation_id and the private key")
        body = answer.json()
        self._token = str(body["token"])
        self._ends = datetime.fromisoformat(str(body["expires_at"]).replace("Z", "+00:00")).timestamp()


def _part(content: dict[str, object]) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def private_key(settings: DeliverySettings) -> str:
    """From the settings or from a file. Raises ConfigurationError."""
    said = settings.private_key.get_secret_value()
    if said:
        return said
    try:
        return Path(settings.private_key_file).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"delivery.private_key_file cannot be read: {error.strerror}") from None
