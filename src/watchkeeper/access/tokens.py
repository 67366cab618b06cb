"""API tokens: made once, kept as hashes; who a request comes from, and with which role."""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.domain.clock import Ids
from watchkeeper.domain.errors import NotAllowed
from watchkeeper.domain.severity import Role
from watchkeeper.settings import ServerSettings

PREFIX = "wk_"
COOKIE = "watchkeeper_token"


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token."""

    id: str
    name: str
    role: Role
    directory: str = "token"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `directory`: where the name stands (token, local, oidc), for two directories may know another Ann."""

    name: str
    role: Role
    directory: str = "token"

    def require(self, role: Role) -> None:
        """Raises NotAllowed where this principal's role does not cover it."""
        if not self.role.covers(role):
            raise NotAllowed(f"this needs the role {role}; {self.name} has {self.role}")


class TokenBook(Protocol):
    """Where tokens are kept; `app` hands in the store's."""

    async def keep(self, token_id: str, name: str, role: Role, secret_hash: str, days: float) -> None:
        """Remember a new token."""
        ...

    async def find(self, secret_hash: str) -> Token | None:
        """The valid token, or session, with this hash: not revoked, not expired."""
        ...


class Access:
    """Answers "who is it?" for a request. Loopback without a token is admin only where the demo switched that on."""

    def __init__(self, book: TokenBook, ids: Ids, settings: ServerSettings, form_secret: str = "") -> None:
        self._book, self._ids, self._settings = book, ids, settings
        self.form_secret = form_secret or secrets.token_urlsafe(32)

    async def principal(self, headers: Mapping[str, str], cookies: Mapping[str, str], client: str) -> Principal:
        """Raises NotAllowed for nobody we know."""
        said = headers.get("authorization", "")
        secret = said[7:].strip() if said.lower().startswith("bearer ") else cookies.get(COOKIE, "")
        if secret:
            token = await self._book.find(digest(secret))
            if token is None:
                raise NotAllowed("the token is unknown, expired or revoked")
            return Principal(token.name, token.role, token.directory)
        if self._settings.loopback_without_login and loopback(client) and not headers.get("x-forwarded-for"):
            return Principal("demo", Role.ADMIN)
        raise NotAllowed("a token is needed", hint="make one with `watchkeeper token create NAME --role ROLE`")

    def may_deliver(self, headers: Mapping[str, str], client: str) -> None:
        """Senders of alerts show the webhook token; without one configured only loopback may. Raises NotAllowed."""
        wanted = self._settings.webhook_token.get_secret_value()
        if wanted:
            said = headers.get("authorization", "").removeprefix("Bearer ").strip()
            if not hmac.compare_digest(said.encode(), wanted.encode()):
                raise NotAllowed(
                    "the webhook token is wrong or missing", hint="set http_config.authorization in Alertmanager"
                )
        elif not loopback(client):
            raise NotAllowed("webhooks from elsewhere need server.webhook_token to be set")

    def may_scrape(self, headers: Mapping[str, str]) -> None:
        """Prometheus shows the metrics token where one is configured. Raises NotAllowed."""
        wanted = self._settings.metrics_token.get_secret_value()
        said = headers.get("authorization", "").removeprefix("Bearer ").strip()
        if wanted and not hmac.compare_digest(said.encode(), wanted.encode()):
            raise NotAllowed("the metrics token is wrong or missing", hint="set authorization in the scrape job")

    async def issue(self, name: str, role: Role, *, days: float = 90) -> str:
        """A new token's secret, which nobody can read again."""
        secret = PREFIX + secrets.token_urlsafe(32)
        await self._book.keep(self._ids.new("token"), name, role, digest(secret), days)
        return secret

    def form_key(self, principal: Principal, subject: str) -> str:
        """A key that a form of ours carries, so that another site's form is refused."""
        text = f"{principal.name}\x00{subject}".encode()
        return hmac.new(self.form_secret.encode(), text, hashlib.sha256).hexdigest()

    def check_form(self, principal: Principal, subject: str, key: str) -> None:
        """Raises NotAllowed for a form that is not ours."""
        if not hmac.compare_digest(self.form_key(principal, subject).encode(), key.encode()):
            raise NotAllowed("this form is too old or not ours", hint="load the page again")


def digest(secret: str) -> str:
    """SHA-256 of a token's secret, which is random enough to need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def loopback(client: str) -> bool:
    """Is the caller on this machine?"""
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return client == "localhost"
