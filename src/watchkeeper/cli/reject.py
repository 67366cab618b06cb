"""Say no to a plan."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reject")(reject)


def reject(
    plan: Annotated[str, typer.Argument(help="The plan's id.")],
    digest: Annotated[str, typer.Option(help="The digest `watchkeeper show` printed: you say no to exactly that.")],
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
) -> None:
    """Reject a plan; the incident goes to a person."""
    answer = call("POST", f"/api/v1/plans/{plan}/reject", json={"digest": digest, "reason": reason})
    typer.echo(f"plan {plan}: {answer['state']}")
