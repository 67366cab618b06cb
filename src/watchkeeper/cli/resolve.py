"""Say that an incident is over."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("resolve")(resolve)


def resolve(
    incident: Annotated[str, typer.Argument(help="The incident's id.")],
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
) -> None:
    """Close an incident that a person took over."""
    answer = call("POST", f"/api/v1/incidents/{incident}/resolve", json={"reason": reason})
    typer.echo(f"incident {incident}: {answer['stage']}")
