"""Train the model that scans, and try it against the one in use."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from watchkeeper import app as front
from watchkeeper.detect.model import Progress as Steps
from watchkeeper.settings import Settings, load
from watchkeeper.workflows.train import Trained, train


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train")(train_model)


def train_model(
    model: Annotated[str, typer.Option(help="adaptive, isolation_forest or lstm; default: the configured one.")] = "",
    hours: Annotated[float, typer.Option(help="History to read; default: anomaly_detection.history_hours.")] = 0.0,
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Read history from Prometheus, train, and use the new version only where it is not worse on held-back samples."""
    with Progress(transient=True) as bar:
        task = bar.add_task("reading history", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, description="training", completed=done, total=total)

        done = asyncio.run(_train(load(config), model, hours, progress))
    scores = done.card["scores"]
    typer.echo(f"{done.kind} {done.version}: {done.card['series']} series, {done.card['from']} to {done.card['until']}")
    typer.echo(
        f"  back-test: F1 {scores['f1']:.3f}, {scores['false_pages_per_series_day']:.3f} false pages a series and day"
    )
    typer.echo(f"  {'in use' if done.promoted else 'kept aside'}: {done.because}")


async def _train(settings: Settings, model: str, hours: float, progress: Steps) -> Trained:
    async with front.open_house(settings) as opened:
        return await train(opened.house, model, hours, progress)
