"""Say that alerts belong elsewhere."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call
from watchkeeper.cli._shown import plain


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("move")(move)


def move(
    incident_id: Annotated[str, typer.Argument(help="The incident they are in.")],
    fingerprints: Annotated[list[str], typer.Argument(help="The alerts, by their senders' fingerprints.")],
    to: Annotated[str, typer.Option(help="The incident they belong to; none: a new one, so this splits.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Move alerts to another incident or to one of their own; later alerts of the same kind follow."""
    body = {"fingerprints": fingerprints, "to": to, "reason": reason}
    after = call("POST", f"/api/v1/incidents/{incident_id}/move", json=body)
    typer.echo(f"{plain(after['id'])}: {plain(after['title'])}")
