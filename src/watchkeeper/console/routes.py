"""The console's pages on the application, its static files, and the form that signs people in."""

from pathlib import Path
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from watchkeeper.access.tokens import COOKIE, Access, Principal
from watchkeeper.console.pages import incident, incidents
from watchkeeper.console.render import render
from watchkeeper.domain.errors import Conflict, NotAllowed, NotFound
from watchkeeper.domain.remediation import Decision
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.decide import decide
from watchkeeper.workflows.house import House


def mount(app: FastAPI) -> None:
    """Add the console to an application that has a house and an access book in its state."""
    house: House = app.state.house
    access: Access = app.state.access
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")

    async def who(request: Request) -> Principal:
        client = request.client.host if request.client else ""
        return await access.principal(request.headers, request.cookies, client)

    @app.get("/", include_in_schema=False)
    async def home(request: Request, cursor: str = "", stage: str = "") -> Response:
        try:
            principal = await who(request)
        except NotAllowed:
            return RedirectResponse("/login", 303)
        return HTMLResponse(await incidents.page(house, principal, cursor, stage))

    @app.get("/incidents/{incident_id}", include_in_schema=False)
    async def one(request: Request, incident_id: str) -> Response:
        try:
            principal = await who(request)
            return HTMLResponse(await incident.page(house, access, principal, incident_id))
        except NotAllowed:
            return RedirectResponse("/login", 303)
        except NotFound as error:
            return HTMLResponse(render("message.html", title="Not found", words=str(error)), 404)

    @app.post("/plans/{plan_id}/{word}", include_in_schema=False)
    async def say(request: Request, plan_id: str, word: str) -> Response:
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode(), keep_blank_values=True).items()}
        try:
            principal = await who(request)
            principal.require(Role.APPROVER)
            access.check_form(principal, plan_id, form.get("key", ""))
            decision = Decision.APPROVED if word == "approve" else Decision.REJECTED
            record = await decide(
                house, plan_id, digest=form.get("digest", ""), decision=decision, by=principal.name, role=principal.role,
                door="console", reason=form.get("reason", ""),
            )  # fmt: skip
        except (NotAllowed, NotFound, Conflict) as error:
            return HTMLResponse(render("message.html", title="Not done", words=f"{error}. {error.hint}"), 409)
        return RedirectResponse(f"/incidents/{record.plan.incident_id}", 303)

    @app.get("/login", include_in_schema=False)
    async def login() -> Response:
        return HTMLResponse(render("login.html", title="Sign in", wrong=False))

    @app.post("/login", include_in_schema=False)
    async def signed(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        token = form.get("token", [""])[0].strip()
        try:
            await access.principal({"authorization": f"Bearer {token}"}, {}, "")
        except NotAllowed:
            return HTMLResponse(render("login.html", title="Sign in", wrong=True), 401)
        answer = RedirectResponse("/", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, max_age=12 * 3600)
        return answer
