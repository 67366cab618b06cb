"""Say that two incidents are one."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call
from watchkeeper.cli._shown import plain


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("merge")(merge)


def merge(
    incident_id: Annotated[str, typer.Argument(help="The incident that is taken in and closed.")],
    into: Annotated[str, typer.Option(help="The incident that takes it in.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Put all alerts of one incident into another; later alerts of the same kind follow."""
    after = call("POST", f"/api/v1/incidents/{incident_id}/merge", json={"into": into, "reason": reason})
    typer.echo(f"{plain(after['id'])}: {plain(after['title'])}")
