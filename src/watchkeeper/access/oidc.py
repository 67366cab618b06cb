"""Signing in by OpenID Connect: authorization code with PKCE, state and nonce; the ID token is checked against the provider's keys."""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from watchkeeper.domain.errors import NotAllowed
from watchkeeper.domain.severity import Role
from watchkeeper.settings import OidcSettings

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures only: `none` and shared secrets are not among them."""
_LEEWAY = 60
_KEEP_SECONDS = 3600
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Journey:
    """What the browser keeps while it is away at the provider."""

    state: str
    nonce: str
    verifier: str
    after: str
    """Path to go to at the end."""

    @classmethod
    def begun(cls, after: str) -> "Journey":
        """Fresh secrets."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, after)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back."""

    name: str
    role: Role


class Oidc:
    """One provider. What it publishes is kept for an hour."""

    def __init__(self, settings: OidcSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}

    async def departure(self, journey: Journey, callback: str) -> str:
        """Where to send the browser. Raises NotAllowed where the provider does not answer as one."""
        about = await self._about()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(journey.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": self._settings.client_id, "redirect_uri": callback,
            "scope": self._settings.scopes, "state": journey.state, "nonce": journey.nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{about['authorization_endpoint']}?{urlencode(asked)}"

    async def arrival(self, journey: Journey, callback: str, code: str, state: str) -> Arrival:
        """Who the provider says came back. Raises NotAllowed."""
        if not secrets.compare_digest(state.encode(), journey.state.encode()):
            raise NotAllowed("this sign-in was not begun here", hint="begin again")
        about = await self._about()
        answer = await self._post(
            str(about["token_endpoint"]),
            {
                "grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": journey.verifier,
                "client_id": self._settings.client_id, "client_secret": self._settings.client_secret.get_secret_value(),
            },
        )  # fmt: skip
        claims = await self._claims(str(answer.get("id_token", "")), about)
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), journey.nonce.encode()):
            raise NotAllowed("the answer belongs to another sign-in", hint="begin again")
        name = str(claims.get(self._settings.name_claim) or claims["sub"])
        role = self._role(claims.get(self._settings.groups_claim))
        if role is None:
            raise NotAllowed(f"{name} is in no group that may enter", hint="login.oidc.groups maps groups to roles")
        return Arrival(name, role)

    def _role(self, said: object) -> Role | None:
        groups = said if isinstance(said, list) else [said]
        roles = [self._settings.groups[str(g)] for g in groups if str(g) in self._settings.groups]
        return max(roles, key=list(Role).index, default=self._settings.default_role)

    async def _claims(self, token: str, about: Mapping[str, Any]) -> Mapping[str, Any]:
        for again in (False, True):
            keys = KeySet.import_key_set(dict(await self._get(str(about["jwks_uri"]), afresh=again)))  # type: ignore[arg-type]
            try:
                claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
                break
            except (JoseError, ValueError) as error:
                # The provider may have turned its keys since we read them.
                if again:
                    raise NotAllowed(f"the ID token does not hold: {error}") from None
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY, iss={"essential": True, "value": str(about["issuer"])},
            aud={"essential": True, "value": self._settings.client_id}, exp={"essential": True}, sub={"essential": True},
        )  # fmt: skip
        try:
            rules.validate(claims)
        except JoseError as error:
            raise NotAllowed(f"the ID token does not hold: {error}") from None
        return claims

    async def _about(self) -> Mapping[str, Any]:
        about = await self._get(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if str(about.get("issuer", "")).rstrip("/") != self._settings.issuer.rstrip("/"):
            raise NotAllowed("the provider calls itself otherwise than login.oidc.issuer")
        return about

    async def _get(self, url: str, *, afresh: bool = False) -> Mapping[str, Any]:
        at, kept = self._kept.get(url, (0.0, {}))
        if kept and not afresh and time.monotonic() - at < _KEEP_SECONDS:
            return kept
        found = await self._ask("GET", url)
        self._kept[url] = (time.monotonic(), found)
        return found

    async def _post(self, url: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        return await self._ask("POST", url, form)

    async def _ask(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        timeout = self._settings.timeout_seconds
        async with httpx.AsyncClient(timeout=timeout, transport=self._transport, follow_redirects=False) as client:
            try:
                answer = await client.request(method, url, data=dict(form) if form else None)
                found = answer.json() if len(answer.content) <= _LARGEST else None
            except (httpx.HTTPError, ValueError) as error:
                raise NotAllowed(
                    f"the login provider does not answer: {type(error).__name__}", hint="try again"
                ) from None
        if answer.status_code != 200 or not isinstance(found, dict):
            raise NotAllowed(f"the login provider refused: {answer.status_code}", hint="begin again")
        return found
