"""Delete a person's name."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper import app as front
from watchkeeper.settings import Settings, load
from watchkeeper.workflows.forget_person import forget_person


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("forget")(forget)


def forget(
    person: Annotated[str, typer.Argument(help="The name as it is shown in timelines and approvals.")],
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Replace a person's name by a random pseudonym everywhere; the audit's chain is made anew and says so."""
    pseudonym, changed = asyncio.run(_forget(load(config), person))
    for table, rows in sorted(changed.items()):
        typer.echo(f"{table}: {rows} rows")
    typer.echo(f"the name is now {pseudonym}")


async def _forget(settings: Settings, person: str) -> tuple[str, dict[str, int]]:
    async with front.open_house(settings) as opened:
        return await forget_person(opened.house, person)
