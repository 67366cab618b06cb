"""Scored runs on labelled data."""

import json
import pkgutil
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from watchkeeper import bench as bench_shelf
from watchkeeper.bench._asked import Asked
from watchkeeper.shelf import plugin

SHELF = "watchkeeper.bench"
NAMES = sorted(m.name for m in pkgutil.iter_modules(bench_shelf.__path__) if not m.name.startswith("_"))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    name: Annotated[str, typer.Argument(help=f"Which run: {', '.join(NAMES)}.")],
    directory: Annotated[Path | None, typer.Argument(help="Folder of the data set, where the run needs one.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write predictions for the data's own scorer.")] = None,
    indicators: Annotated[Path | None, typer.Option(help="Write predicted indicators.")] = None,
    ranges: Annotated[Path | None, typer.Option(help="Write stated ranges (predict).")] = None,
    model: Annotated[str, typer.Option(help="Which detector (detect): a name on the shelf of models.")] = "adaptive",
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures.")] = None,
) -> None:
    """Run a benchmark and print its figures; running nothing is a failure."""
    # Ours streams and needs no training; every other model is trained first.
    run = plugin(SHELF, "run", "detect_by_model" if name == "detect" and model != "adaptive" else name)
    with Progress(transient=True) as bar:
        task = bar.add_task(f"{name} {directory.name if directory else ''}", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        figures = run(Asked(directory, predictions, indicators, ranges, json_out, progress, model))
    typer.echo(json.dumps(figures, indent=1, default=str))
