"""Incidents to a file, and from a file."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper import app as front
from watchkeeper.settings import Settings, load
from watchkeeper.workflows.move_incidents import Imported, exported, imported


def register(app: typer.Typer) -> None:
    """Add both commands: the one reads what the other writes."""
    app.command("export")(export)
    app.command("import")(import_)


def export(
    file: Annotated[Path, typer.Argument(help="Where the JSON lines go.")],
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Write every incident with all that belongs to it, one a line."""
    typer.echo(f"{asyncio.run(_export(load(config), file))} incidents written to {file}")


async def _export(settings: Settings, file: Path) -> int:
    count = -1
    async with front.open_house(settings) as opened:
        with file.open("w", encoding="utf-8") as out:
            async for line in exported(opened.house):
                out.write(line + "\n")
                count += 1
    return count


def import_(
    file: Annotated[Path, typer.Argument(help="A file that `watchkeeper export` wrote.")],
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Read incidents from another installation; what it was working on is handed to a person."""
    done = asyncio.run(_import(load(config), file))
    typer.echo(f"{done.new} incidents read, {done.known} were there already, {done.handed_over} wait for a person")


async def _import(settings: Settings, file: Path) -> Imported:
    async with front.open_house(settings) as opened:
        with file.open(encoding="utf-8") as lines:
            return await imported(opened.house, lines)
