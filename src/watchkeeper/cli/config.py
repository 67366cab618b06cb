"""Look at the configuration before it is used."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from watchkeeper.settings import flatten, load


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Look at the configuration.", no_args_is_help=True)
    group.command("check")(check)
    app.add_typer(group, name="config")


def check(
    path: Annotated[Path | None, typer.Argument(help="Default: config.yaml here, or WATCHKEEPER_CONFIG.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Print every value in force.")] = False,
) -> None:
    """Say whether the configuration is right; an error names file, line and key."""
    settings = load(path)
    if show:
        table = Table("key", "value")
        for key, _, value, _ in flatten(settings):
            table.add_row(key, value)
        Console().print(table)
    typer.echo("configuration: ok")
