"""The HTTP application: doors, limits, headers. Built by `app` with a house and an access book."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from prometheus_client import generate_latest

from watchkeeper import observe
from watchkeeper.access.tokens import Access
from watchkeeper.api import (
    grouping,
    incidents,
    intake,
    knowledge,
    live,
    logs,
    own_metrics,
    people,
    pipelines,
    problems,
    questions,
    records,
    reference,
    watching,
)
from watchkeeper.workflows.house import House
from watchkeeper.workflows.intake_desk import IntakeDesk

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def create_app(house: House, *, access: Access) -> FastAPI:
    """Every door of the API. The console is mounted by whoever builds the server."""
    app = FastAPI(
        title="Watchkeeper", version=version("watchkeeper"), docs_url=None, redoc_url=None, openapi_url="/openapi.json",
        description="From alert to proven recovery, with evidence.",
    )  # fmt: skip
    app.state.house, app.state.access = house, access
    app.state.intake = IntakeDesk(house)
    problems.install(app)
    for door in (
        intake,
        incidents,
        pipelines,
        people,
        grouping,
        questions,
        records,
        watching,
        logs,
        knowledge,
        live,
    ):
        app.include_router(door.router)

    @app.middleware("http")
    async def limits(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        said = request.headers.get("content-length", "0")
        if said.isdigit() and int(said) > house.settings.server.max_body_bytes:
            return problems.problem(413, "Too large", f"at most {house.settings.server.max_body_bytes} bytes are read")
        answer = await go_on(request)
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    @app.get("/healthz", tags=["health"], response_class=PlainTextResponse)
    async def healthz() -> str:
        """The process runs."""
        return "ok"

    @app.get("/readyz", tags=["health"], response_class=PlainTextResponse)
    async def readyz() -> Response:
        """The database answers."""
        ready = await house.store.healthy()
        return PlainTextResponse("ready" if ready else "the database does not answer", 200 if ready else 503)

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Our own metrics, Prometheus text format."""
        await own_metrics.refresh(house.store)
        return Response(generate_latest(observe.REGISTRY), media_type="text/plain; version=0.0.4")

    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    async def docs() -> str:
        """The reference, rendered here from /openapi.json: no script from elsewhere."""
        return reference.page(app.openapi())

    return app
