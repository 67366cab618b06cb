"""API tokens, made on the machine that has the database."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper import app as front
from watchkeeper.domain.severity import Role
from watchkeeper.settings import Settings, load


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="API tokens.", no_args_is_help=True)
    group.command("create")(create)
    app.add_typer(group, name="token")


def create(
    name: Annotated[str, typer.Argument(help="Whose token it is.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.VIEWER,
    days: Annotated[float, typer.Option(help="How long it lasts.")] = 90,
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Make a token. Its secret is shown this once; only a hash is kept."""
    typer.echo(asyncio.run(_create(load(config), name, role, days)))


async def _create(settings: Settings, name: str, role: Role, days: float) -> str:
    async with front.open_house(settings) as opened:
        return await opened.access.issue(name, role, days=days)
