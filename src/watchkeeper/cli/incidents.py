"""List incidents."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from watchkeeper.cli._client import call
from watchkeeper.cli._shown import plain


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("incidents")(incidents)


def incidents(
    limit: Annotated[int, typer.Option(help="How many.")] = 20,
    stage: Annotated[str, typer.Option(help="Only this stage.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's JSON.")] = False,
) -> None:
    """List incidents, newest first."""
    query = {"limit": limit, **({"stage": stage} if stage else {})}
    page = call("GET", "/api/v1/incidents", params=query)
    if as_json:
        typer.echo(json.dumps(page, indent=1))
        return
    table = Table("incident", "opened", "severity", "stage", "service", "cause")
    for row in page["items"]:
        keys = ("id", "opened_at", "severity", "stage", "service", "root_cause")
        table.add_row(*(plain(row.get(key) or "") for key in keys))
    Console().print(table if page["items"] else "no incidents")
