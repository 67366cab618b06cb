"""Show one incident."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from watchkeeper.cli._client import call
from watchkeeper.cli._shown import plain


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show")(show)


def show(
    incident: Annotated[str, typer.Argument(help="The incident's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the server's JSON.")] = False,
) -> None:
    """Show an incident: what happened, why, and what is planned."""
    detail = call("GET", f"/api/v1/incidents/{incident}")
    if as_json:
        typer.echo(json.dumps(detail, indent=1))
        return
    _print(detail)


def _print(detail: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False)
    head = detail.get("incident", detail)
    console.print(f"{head['id']}  {head['severity']}  {head['stage']}", style="bold")
    console.print(plain(head["title"]))
    diagnosis = detail.get("diagnosis") or {}
    for sentence in diagnosis.get("sentences", []):
        console.print(f"  {plain(sentence['text'])} [{', '.join(sentence['cites'])}]")
    for missing in diagnosis.get("missing", []):
        console.print(f"  could not see {plain(missing['signal'])}: {plain(missing['reason'])}", style="yellow")
    for plan in detail.get("plans", []):
        console.print(f"plan {plan['id']}  {plan['action']}  {plan['state']}  digest {plan['digest']}", style="bold")
        console.print(plain(plan.get("because", "")))
    for event in detail.get("timeline", []):
        console.print(f"  {event['at']}  {event['kind']}  {plain(event['text'])}")
