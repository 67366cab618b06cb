"""What Watchkeeper would have done beside what people did, and who may act alone."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call

_WORDS = ("agreed", "differed", "harmed", "abstained", "helped", "no_help")


def register(app: typer.Typer) -> None:
    """Add the group; without a command it prints the card."""
    group = typer.Typer(help="Autonomy is earned.", invoke_without_command=True)
    group.callback()(show)
    group.command("allow")(allow)
    group.command("disallow")(disallow)
    app.add_typer(group, name="scorecard")


def show(context: typer.Context) -> None:
    """Agreed, differed, would have harmed, abstained, minutes, and the standing of each action."""
    if context.invoked_subcommand:
        return
    rows = call("GET", "/api/v1/scorecard")["items"]
    typer.echo(f"{'action':22} {'namespace':16} {' '.join(f'{w:>9}' for w in _WORDS)} {'minutes':>8}  standing")
    for row in rows:
        counts = " ".join(f"{row[w]:>9}" for w in _WORDS)
        typer.echo(
            f"{row['action'] or '(none)':22} {row['namespace']:16} {counts} {row['minutes']:>8}  {row['standing']}"
        )
    if not rows:
        typer.echo("no incident has ended yet")


def allow(
    action: Annotated[str, typer.Argument(help="Name of the action.")],
    namespace: Annotated[str, typer.Argument(help="Where it may act alone.")],
) -> None:
    """An admin's word; refused where the action has not earned it."""
    call("PUT", "/api/v1/scorecard/grants", json={"action": action, "namespace": namespace, "allow": True})
    typer.echo(f"{action} may act alone in {namespace}, where policy and evidence agree")


def disallow(
    action: Annotated[str, typer.Argument(help="Name of the action.")],
    namespace: Annotated[str, typer.Argument(help="Where it may not act alone any more.")],
) -> None:
    """Take it back."""
    call("PUT", "/api/v1/scorecard/grants", json={"action": action, "namespace": namespace, "allow": False})
    typer.echo(f"a person agrees to every {action} in {namespace}")
