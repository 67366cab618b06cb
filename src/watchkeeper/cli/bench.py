"""Scored runs on labelled data."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from watchkeeper.bench._asked import Asked
from watchkeeper.shelf import plugin

SHELF = "watchkeeper.bench"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="Which run: diagnose, templates, detect, predict, scan, worlds, scale, questions, analyst."
        ),
    ],
    directory: Annotated[
        Path | None, typer.Argument(help="Folder of the data set; scan, worlds and scale need none.")
    ] = None,
    predictions: Annotated[Path | None, typer.Option(help="Write predictions for the data's own scorer.")] = None,
    indicators: Annotated[Path | None, typer.Option(help="Write predicted indicators.")] = None,
    ranges: Annotated[Path | None, typer.Option(help="Write stated ranges (predict).")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the figures.")] = None,
) -> None:
    """Run a benchmark and print its figures; running nothing is a failure."""
    run = plugin(SHELF, "run", name)
    with Progress(transient=True) as bar:
        task = bar.add_task(f"{name} {directory.name if directory else ''}", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        figures = run(Asked(directory, predictions, indicators, ranges, json_out, progress))
    typer.echo(json.dumps(figures, indent=1, default=str))
