"""Answer HTTP: webhooks, the API, the console."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper import app as front
from watchkeeper import otlp
from watchkeeper.cli._running import until_told
from watchkeeper.observe import configure_logging
from watchkeeper.settings import Settings, load
from watchkeeper.workflows.sign_in import first_start


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; default: server.host.")] = "",
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: server.port.")] = None,
    worker: Annotated[bool, typer.Option(help="Also run the steps of incidents in this process.")] = True,
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Start the server: webhooks, API, console and (unless --no-worker) a worker."""
    settings = load(config)
    configure_logging(settings.log.level, json_lines=settings.log.format == "json")
    chosen = settings.server.port if port is None else port
    with otlp.telling("api"):
        asyncio.run(_serve(settings, host or settings.server.host, chosen, worker))


async def _serve(settings: Settings, host: str, port: int, worker: bool) -> None:
    async with until_told() as stop, front.open_house(settings) as opened, asyncio.TaskGroup() as group:
        typer.echo(f"Watchkeeper listens on http://{host}:{port}", err=True)
        if code := await first_start(opened.house):
            typer.echo(f"First start: name the administrator at http://{host}:{port}/setup?code={code}", err=True)
        group.create_task(front.serve(opened, stop, host=host, port=port))
        if worker:
            group.create_task(front.work(opened, stop))
