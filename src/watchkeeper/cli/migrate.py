"""Bring the database to this version."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.app import migrate_database
from watchkeeper.settings import load


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None) -> None:
    """Apply the database migrations that are missing."""
    typer.echo(f"database: at {asyncio.run(migrate_database(load(config)))}")
