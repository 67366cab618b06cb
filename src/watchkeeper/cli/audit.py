"""Prove the audit chain."""

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The append-only record.", no_args_is_help=True)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def verify() -> None:
    """Recompute the hash chain; exit status 1 where it is broken."""
    answer = call("GET", "/api/v1/audit/verify")
    typer.echo(answer["words"])
    raise typer.Exit(0 if answer["whole"] else 1)
