"""Report a change that no machine sees: a flag, a migration, manual work."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Report changes that no machine sees.", no_args_is_help=True)
    group.command("add")(add)
    app.add_typer(group, name="change")


def add(
    summary: Annotated[str, typer.Argument(help="What was changed, in a sentence.")],
    service: Annotated[str, typer.Option(help="The service it touches.")],
    kind: Annotated[str, typer.Option(help="release, config, scale, flag, manual")] = "manual",
) -> None:
    """Tell Watchkeeper of a change, so that diagnosis can weigh it."""
    answer = call("POST", "/api/v1/changes", json={"service": service, "kind": kind, "summary": summary})
    typer.echo(f"change {answer['id']} noted")
