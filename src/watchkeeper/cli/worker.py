"""Run the steps of incidents."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper import app as front
from watchkeeper import otlp
from watchkeeper.cli._metrics_port import tell_metrics
from watchkeeper.cli._running import until_told
from watchkeeper.observe import configure_logging
from watchkeeper.settings import Settings, load
from watchkeeper.store.jobs import Part


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(worker)


def worker(
    concurrency: Annotated[int, typer.Option(help="Incidents worked on at the same time.")] = 4,
    stalled_seconds: Annotated[float, typer.Option(help="A worker silent for this long is taken for dead.")] = 30,
    part: Annotated[
        Part, typer.Option(help="think: never writes outside; carry_out: only steps that do; all: both.")
    ] = Part.ALL,
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Run a worker; any number may share one database."""
    settings = load(config)
    configure_logging(settings.log.level, json_lines=settings.log.format == "json")
    if settings.server.worker_port:
        tell_metrics(settings.server)
    with otlp.telling(f"worker {part}"):
        asyncio.run(_work(settings, concurrency, stalled_seconds, part))


async def _work(settings: Settings, concurrency: int, stalled_seconds: float, part: Part) -> None:
    async with until_told() as stop, front.open_house(settings) as opened:
        typer.echo("worker: ready", err=True)
        await front.work(opened, stop, concurrency=concurrency, stalled_seconds=stalled_seconds, part=part)
