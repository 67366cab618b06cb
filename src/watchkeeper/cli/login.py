"""Local logins, made on the machine that has the database."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper import app as front
from watchkeeper.domain.severity import Role
from watchkeeper.settings import Settings, load
from watchkeeper.workflows.sign_in import save_login


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Local logins of the console.", no_args_is_help=True)
    group.command("create")(create)
    app.add_typer(group, name="login")


def create(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.VIEWER,
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="At least 12 characters.")
    ] = "",
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Make a login, or give one another password or role."""
    asyncio.run(_create(load(config), name, role, password))
    typer.echo(f"{name} may sign in as {role}")


async def _create(settings: Settings, name: str, role: Role, password: str) -> None:
    async with front.open_house(settings) as opened:
        await save_login(opened.house, name, password, role, by="administrator")
