"""The HTTP application: doors, limits, headers. Built by `app` with a house and an access book."""

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
from watchkeeper.api.limits import Limits
from watchkeeper.workflows.house import House
from watchkeeper.workflows.intake_desk import IntakeDesk


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

    if house is not None:  # the reference pages are made of an application without a house
        app.add_middleware(Limits, settings=house.settings.server)

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
    async def metrics(request: Request) -> Response:
        """Our own metrics, Prometheus text format; `server.metrics_token` closes it."""
        access.may_scrape(request.headers)
        await own_metrics.refresh(house.store)
        return Response(generate_latest(observe.REGISTRY), media_type="text/plain; version=0.0.4")

    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    async def docs() -> str:
        """The reference, rendered here from /openapi.json: no script from elsewhere."""
        return reference.page(app.openapi())

    return app
