"""The door where people sign in: a local password, their organisation, or an API token."""

import json
from datetime import timedelta
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from watchkeeper.access.oidc import Journey, Oidc
from watchkeeper.access.throttle import Throttle
from watchkeeper.access.tokens import COOKIE, Access
from watchkeeper.console.render import render
from watchkeeper.domain.errors import NotAllowed, WatchkeeperError
from watchkeeper.workflows import sign_in
from watchkeeper.workflows.house import House

_JOURNEY = "watchkeeper_journey"
_JOURNEY_SECONDS = 600
_TRIES, _WITHIN = 8, timedelta(minutes=5)


def mount(app: FastAPI) -> None:
    """Add the door to an application that has a house and an access book in its state."""
    door = Door(app.state.house, app.state.access)
    for path, endpoint, method in (
        ("/login", door.show, "GET"), ("/login", door.enter, "POST"), ("/login/oidc", door.depart, "GET"),
        ("/login/oidc/callback", door.arrive, "GET"), ("/logout", door.leave, "POST"), ("/setup", door.show_setup, "GET"),
        ("/setup", door.set_up, "POST"),
    ):  # fmt: skip
        app.add_api_route(path, endpoint, include_in_schema=False, methods=[method])


class Door:
    """Everything between a stranger and a session."""

    def __init__(self, house: House, access: Access) -> None:
        self._house, self._access = house, access
        oidc = house.settings.login.oidc
        self._oidc = Oidc(oidc) if oidc.issuer else None
        self._signer = URLSafeTimedSerializer(access.form_secret, salt="journey")
        self._throttle = Throttle(_TRIES, _WITHIN)

    async def show(self, request: Request) -> Response:
        """The form."""
        return await self._page(inside(request.query_params.get("next", "/")))

    async def enter(self, request: Request) -> Response:
        """A password begins a session; an API token is kept in the cookie as it is."""
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode(errors="replace")).items()}
        after, name = inside(form.get("next", "/")), form.get("name", "")
        client, now = request.client.host if request.client else "", self._house.clock.now()
        wait = max(self._throttle.patience(client, now), self._throttle.patience(f"name {name}", now))
        if wait > 0:
            return await self._page(after, f"Too many tries. Wait {wait:.0f} seconds.", 429)
        try:
            if "token" in form:
                secret = form["token"].strip()
                await self._access.principal({"authorization": f"Bearer {secret}"}, {}, "")
            else:
                secret = await sign_in.by_password(self._house, name, form.get("password", ""))
        except NotAllowed as error:
            self._throttle.failed(client, now)
            self._throttle.failed(f"name {name}", now)
            words = "This token is unknown, expired or revoked." if "token" in form else f"{str(error).capitalize()}."
            return await self._page(after, words, 401)
        return self._with_cookie(request, secret, after)

    async def depart(self, request: Request) -> Response:
        """To the organisation's login."""
        if self._oidc is None:
            return await self._page("/", "No organisation's login is configured.", 404)
        journey = Journey.begun(inside(request.query_params.get("next", "/")))
        try:
            answer = RedirectResponse(await self._oidc.departure(journey, self._callback(request)), 303)
        except NotAllowed as error:
            return await self._page("/", f"{error}.", 502)
        kept = self._signer.dumps([journey.state, journey.nonce, journey.verifier, journey.after])
        # Lax, for the browser comes back from another site.
        answer.set_cookie(
            _JOURNEY, kept, httponly=True, samesite="lax", secure=request.url.scheme == "https", max_age=_JOURNEY_SECONDS
        )  # fmt: skip
        return answer

    async def arrive(self, request: Request, code: str = "", state: str = "", error: str = "") -> Response:
        """Back from it."""
        if self._oidc is None:
            return await self._page("/", "No organisation's login is configured.", 404)
        if error or not code:
            return await self._page("/", "The login provider did not let you in.", 401)
        try:
            journey = Journey(*self._signer.loads(request.cookies.get(_JOURNEY, ""), max_age=_JOURNEY_SECONDS))
        except (BadSignature, TypeError, json.JSONDecodeError):
            return await self._page("/", "This sign-in took too long or was not begun here.", 401)
        try:
            arrival = await self._oidc.arrival(journey, self._callback(request), code, state)
            secret = await sign_in.by_organisation(self._house, arrival)
        except NotAllowed as refused:
            return await self._page(journey.after, f"{refused}. {refused.hint}".strip(), 401)
        answer = self._with_cookie(request, secret, inside(journey.after))
        answer.delete_cookie(_JOURNEY)
        return answer

    async def leave(self, request: Request) -> Response:
        """Forget the cookie, end the session."""
        await sign_in.sign_out(self._house, request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    async def show_setup(self, request: Request) -> Response:
        """The first administrator's form."""
        return HTMLResponse(
            render("setup.html", title="First start", wrong="", code=request.query_params.get("code", ""))
        )

    async def set_up(self, request: Request) -> Response:
        """Make the first administrator and let them in."""
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode(errors="replace")).items()}
        code, name, password = form.get("code", ""), form.get("name", ""), form.get("password", "")
        try:
            await sign_in.set_up(self._house, code, name, password)
            secret = await sign_in.by_password(self._house, name.strip(), password)
        except WatchkeeperError as error:
            words = f"{error}. {error.hint}".strip()
            return HTMLResponse(render("setup.html", title="First start", wrong=words, code=code), 400)
        return self._with_cookie(request, secret, "/")

    def _callback(self, request: Request) -> str:
        base = self._house.settings.server.public_url or str(request.base_url)
        return f"{base.rstrip('/')}/login/oidc/callback"

    async def _page(self, after: str, wrong: str = "", status: int = 200) -> Response:
        async with self._house.store.transaction() as tx:
            local = await tx.any_login()
        label = self._house.settings.login.oidc.label if self._oidc else ""
        return HTMLResponse(
            render("login.html", title="Sign in", wrong=wrong, next=after, local=local, organisation=label), status
        )  # fmt: skip

    def _with_cookie(self, request: Request, secret: str, after: str) -> Response:
        answer = RedirectResponse(after, 303)
        secure = request.url.scheme == "https" or self._house.settings.server.public_url.startswith("https://")
        hours = self._house.settings.login.session_hours
        answer.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=secure, max_age=int(hours * 3600))
        return answer


def inside(path: str) -> str:
    """A path of ours, never another site's."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
