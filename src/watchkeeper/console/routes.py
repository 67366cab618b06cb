"""The console on the application: its pages, its forms, its static files."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qs, quote

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from watchkeeper.access.tokens import Access, Principal
from watchkeeper.console import sign_in
from watchkeeper.console.page import Form, Page, Visit
from watchkeeper.console.render import render
from watchkeeper.domain.errors import NotAllowed, NotFound, StoreUnavailable, WatchkeeperError
from watchkeeper.domain.incident import Stage
from watchkeeper.shelf import plugins
from watchkeeper.workflows.house import House

PAGES, FORMS = "watchkeeper.console.pages", "watchkeeper.console.forms"


def mount(app: FastAPI) -> None:
    """Add the console to an application that has a house and an access book in its state."""
    desk = _Desk(app.state.house, app.state.access)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for name, page in plugins(PAGES, "PAGE").items():
        app.add_api_route(page.path, desk.door(page), include_in_schema=False, name=f"console {name}", methods=["GET"])
    app.add_api_route("/do/{form}/{subject}", desk.act, include_in_schema=False, methods=["POST"])
    sign_in.mount(app)


class _Desk:
    """Everything a request of the console needs."""

    def __init__(self, house: House, access: Access) -> None:
        self._house, self._access = house, access

    async def _who(self, request: Request) -> Principal:
        client = request.client.host if request.client else ""
        return await self._access.principal(request.headers, request.cookies, client)

    def _visit(self, request: Request, principal: Principal) -> Visit:
        return Visit(
            self._house, self._access, principal, self._house.clock.now(), dict(request.query_params), dict(request.path_params)
        )  # fmt: skip

    def door(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint of one page."""

        async def show(request: Request) -> Response:
            try:
                principal = await self._who(request)
            except NotAllowed:
                return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
            except StoreUnavailable as error:
                return _message(
                    "The database does not answer", f"{error}. Nothing is lost: load this page again in a moment.", 503
                )
            try:
                principal.require(page.role)
                visit = self._visit(request, principal)
                values = {"title": page.title, "live": page.live, **await page.show(visit)}
                return HTMLResponse(render(page.template, **values, **await frame(visit, page)))
            except WatchkeeperError as error:
                return _problem(error)

        return show

    async def act(self, request: Request, form: str, subject: str) -> Response:
        """Do what a form says, once it is known to be ours and its sender to be allowed."""
        typed = {
            k: v[0]
            for k, v in parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True).items()
        }
        try:
            principal = await self._who(request)
            known: Mapping[str, Form] = plugins(FORMS, "FORM")
            if form not in known:
                raise NotFound(f"there is no form {form}")
            principal.require(known[form].role)
            self._access.check_form(principal, f"{form}\x00{subject}", typed.get("key", ""))
            return RedirectResponse(await known[form].act(self._visit(request, principal), subject, typed), 303)
        except WatchkeeperError as error:
            return _problem(error)


async def frame(visit: Visit, page: Page) -> dict[str, object]:
    """What stands around every page: who looks, where one can go, and what waits."""
    counts = await visit.house.store.counts()
    waiting = counts.get(str(Stage.AWAITING_APPROVAL), 0)
    badges = {"/incidents": sum(counts.values()), "/approvals": waiting}
    pages = sorted((p for p in plugins(PAGES, "PAGE").values() if p.order and visit.may(p.role)), key=lambda p: p.order)
    return {
        "principal": visit.principal, "pages": pages, "badges": badges, "here": page.path,
        "dry_run": visit.house.settings.remediation.dry_run, "now": visit.now,
    }  # fmt: skip


def _problem(error: WatchkeeperError) -> Response:
    status = (
        404
        if isinstance(error, NotFound)
        else 403
        if isinstance(error, NotAllowed)
        else 503
        if error.retryable
        else 409
    )
    title = {404: "Not found", 403: "Not allowed", 503: "Not now"}.get(status, "Not done")
    return _message(title, f"{error}. {error.hint}".strip(), status)


def _message(title: str, words: str, status: int) -> Response:
    return HTMLResponse(render("message.html", title=title, words=words), status)
