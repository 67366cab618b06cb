"""Agree to a plan."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("approve")(approve)


def approve(
    plan: Annotated[str, typer.Argument(help="The plan's id.")],
    digest: Annotated[str, typer.Option(help="The digest `watchkeeper show` printed: you agree to exactly that.")],
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
) -> None:
    """Approve a plan as you were shown it."""
    answer = call("POST", f"/api/v1/plans/{plan}/approve", json={"digest": digest, "reason": reason})
    typer.echo(f"plan {plan}: {answer['state']}")
