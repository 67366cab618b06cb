"""Let repairs go on after `watchkeeper stop`."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("start")(start)


def start(
    incident: Annotated[str, typer.Argument(help="Only this incident's targets: hand them back.")] = "",
) -> None:
    """End the kill switch; or, with an incident, hand its targets back."""
    if incident:
        said = call("POST", f"/api/v1/incidents/{incident}/hand-back")
        typer.echo(f"{said['ended']} takeover(s) ended")
        return
    call("PUT", "/api/v1/kill-switch", json={"on": False})
    typer.echo("repairs may go on, as far as policy lets them")
