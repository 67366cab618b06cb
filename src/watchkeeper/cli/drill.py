"""Break simulated worlds in every way there is and score the repairs."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from watchkeeper.bench._asked import Asked

_HEADS = {
    "of": "of", "detected": "seen", "cause": "cause", "plan": "plan", "alone": "alone", "recovered": "cured", "proven": "proof",
    "wrong_acts": "wrong", "minutes": "min", "nothing": "idle", "restart": "rest",
}  # fmt: skip
"""figure -> the head of its column: eleven fit a terminal of 80 columns"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drill")(drill)


def drill(
    seeds: Annotated[int, typer.Option(help="Worlds for each scenario.")] = 5,
    blind: Annotated[
        int | None, typer.Option(help="Random topologies, names, limits, noise; from this seed on.")
    ] = None,
    harder: Annotated[bool, typer.Option("--harder", help="Pod names only, names that differ, half untraced.")] = False,
    first: Annotated[int, typer.Option(help="The first seed (--blind names its own).")] = 1,
    only: Annotated[str, typer.Option(help="One scenario, or several with commas.")] = "",
    processes: Annotated[int, typer.Option(help="Worlds at the same time.")] = 2,
    rivals: Annotated[bool, typer.Option(help="Also do nothing, and restart the loudest, in the same worlds.")] = True,
    json_out: Annotated[Path | None, typer.Option("--json", help="Write the scorecard.")] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Write every outcome.")] = None,
) -> None:
    """Run all scenarios through the whole loop, beside doing nothing and restarting the loudest service.

    A person says yes where policy asks for one; what ran without a person is counted apart.
    """
    from watchkeeper.bench.drill import run

    town = "blind" if blind is not None else "harder" if harder else "standard"
    with Progress(transient=True) as bar:
        task = bar.add_task(f"drill {town}", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        asked = Asked(predictions=outcomes, json_out=json_out, progress=progress)
        figures = run(
            asked,
            seeds=seeds,
            town=town,
            only=only,
            first=first if blind is None else blind,
            processes=processes,
            rivals=rivals,
        )
    _show(figures)


def _show(figures: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False)
    heads = (Column(head, justify="right", no_wrap=True) for head in _HEADS.values())
    table = Table(
        Column("scenario", no_wrap=True), *heads, title="Drill", box=None, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for name, row in figures["scenarios"].items():
        table.add_row(name + ("" if row["counts"] else " *"), *(f"{row[c]:.0f}" for c in _HEADS))
    console.print(table)
    console.print(
        "cured: as seen from outside; alone: without a person; proof: we say so; idle, rest: a rival cured it"
    )
    console.print("* does not count: nothing is broken in it, or a rival recovers in more than a fifth of the seeds")
    typer.echo(json.dumps({k: v for k, v in figures.items() if k != "scenarios"}, indent=1))
