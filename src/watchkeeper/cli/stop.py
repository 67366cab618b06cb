"""The kill switch: stop every action, at once."""

from typing import Annotated

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("stop")(stop)


def stop(
    incident: Annotated[str, typer.Argument(help="Only this incident's targets; empty: everything.")] = "",
    minutes: Annotated[float, typer.Option(help="With an incident: for how long.")] = 60,
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
) -> None:
    """Stop all repairs until `watchkeeper start`; or, with an incident, take its targets over for a time."""
    if incident:
        said = call("POST", f"/api/v1/incidents/{incident}/take-over", json={"minutes": minutes, "reason": reason})
        typer.echo(f"yours until {said['until']}: {', '.join(said['targets'])}")
        return
    call("PUT", "/api/v1/kill-switch", json={"on": True})
    typer.echo("stopped: Watchkeeper watches and diagnoses, and changes nothing")
