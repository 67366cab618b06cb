"""Say which Watchkeeper this is."""

from importlib.metadata import version as installed

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("version")(version)


def version() -> None:
    """Print the version."""
    typer.echo(f"watchkeeper {installed('watchkeeper')}")
