"""Accept a known issue for a while."""

from datetime import timedelta
from typing import Annotated

import typer

from watchkeeper.cli._client import call
from watchkeeper.domain.clock import SystemClock


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("accept")(accept)


def accept(
    match: Annotated[str, typer.Argument(help='Which alerts, as Alertmanager writes it: {alertname="DiskFull"}.')],
    reason: Annotated[str, typer.Option(help="Why it is accepted.")],
    owner: Annotated[str, typer.Option(help="Who looks after it.")],
    days: Annotated[float, typer.Option(min=0.01, help="For how long.")] = 7,
    worst: Annotated[str, typer.Option(help="A worse severity is not covered.")] = "warning",
    most: Annotated[int, typer.Option(min=0, help="More different alerts at once are not covered; 0: any number.")] = 0,
) -> None:
    """Alerts that match open no incident until then, unless it gets worse than said."""
    until = (SystemClock().now() + timedelta(days=days)).isoformat()
    body = {
        "match": match, "reason": reason, "owner": owner, "expires_at": until, "worst_severity": worst, "most_alerts": most,
    }  # fmt: skip
    typer.echo(call("POST", "/api/v1/known-issues", json=body)["id"])
