"""Signing in by an organisation's word: what a provider, or somebody between, could get wrong is refused."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from watchkeeper.access.oidc import Journey, Oidc
from watchkeeper.domain.errors import NotAllowed
from watchkeeper.domain.severity import Role
from watchkeeper.settings import OidcSettings

ISSUER, CALLBACK = "https://login.example", "https://watch.example/login/oidc/callback"
KEY, OTHER = RSAKey.generate_key(2048, {"kid": "a"}), RSAKey.generate_key(2048, {"kid": "a"})
SETTINGS = OidcSettings.model_validate(
    {"issuer": ISSUER, "client_id": "wk", "client_secret": "s3cret", "groups": {"sre": "approver", "dev": "viewer"}}
)


class Provider:
    """A stand-in that answers as OpenID Connect Core and Discovery describe."""

    def __init__(
        self, change: Callable[[dict[str, Any]], object] = lambda claims: None, key: RSAKey = KEY, issuer: str = ISSUER
    ) -> None:
        self.change, self.key, self.issuer = change, key, issuer
        self.nonce = self.challenge = ""
        self.asked: dict[str, list[str]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/.well-known/openid-configuration":
                return httpx.Response(200, json={
                    "issuer": self.issuer, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/keys",
                })  # fmt: skip
            case "/keys":
                return httpx.Response(200, json=KeySet([KEY]).as_dict(private=False))
            case "/token":
                self.asked = parse_qs(request.content.decode())
                claims = {
                    "iss": ISSUER, "aud": "wk", "sub": "1", "exp": int(time.time()) + 300, "nonce": self.nonce, "email": "ann@example.org",
                    "groups": ["dev", "sre"],
                }  # fmt: skip
                self.change(claims)
                return httpx.Response(
                    200,
                    json={
                        "id_token": jwt.encode({"alg": "RS256", "kid": "a"}, claims, self.key),
                        "token_type": "Bearer",
                    },
                )
        return httpx.Response(404)


async def signed_in(provider: Provider, state: str = "") -> tuple[str, Role]:
    oidc, journey = Oidc(SETTINGS, httpx.MockTransport(provider)), Journey.begun("/incidents")
    sent = parse_qs(urlparse(await oidc.departure(journey, CALLBACK)).query)
    assert sent["code_challenge_method"] == ["S256"]
    provider.nonce = sent["nonce"][0]
    arrival = await oidc.arrival(journey, CALLBACK, "code", state or journey.state)
    assert provider.asked["code_verifier"] == [journey.verifier]
    return arrival.name, arrival.role


async def test_the_most_of_a_persons_groups_counts() -> None:
    assert await signed_in(Provider()) == ("ann@example.org", Role.APPROVER)


REFUSED: dict[str, Provider] = {
    "another audience": Provider(lambda c: c.update(aud="elsewhere")),
    "another issuer in the token": Provider(lambda c: c.update(iss="https://evil.example")),
    "expired": Provider(lambda c: c.update(exp=int(time.time()) - 3600)),
    "another nonce": Provider(lambda c: c.update(nonce="x")),
    "no nonce": Provider(lambda c: c.pop("nonce")),
    "signed by somebody else": Provider(key=OTHER),
    "in no group that may enter": Provider(lambda c: c.update(groups=["guests"])),
    "groups missing": Provider(lambda c: c.pop("groups")),
    "provider calls itself otherwise": Provider(issuer="https://evil.example"),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_what_does_not_hold_is_refused(why: str) -> None:
    with pytest.raises(NotAllowed):
        await signed_in(REFUSED[why])


async def test_an_answer_to_another_browsers_question_is_refused() -> None:
    with pytest.raises(NotAllowed, match="not begun here"):
        await signed_in(Provider(), state="forged")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(302, headers={"location": "http://127.0.0.1/"}),
    ],
)
async def test_a_provider_that_does_not_answer_as_one_is_an_ordinary_refusal(answer: httpx.Response) -> None:
    oidc = Oidc(SETTINGS, httpx.MockTransport(lambda request: answer))
    with pytest.raises(NotAllowed):
        await oidc.departure(Journey.begun("/"), CALLBACK)
