"""Ask in plain words."""

import os
from typing import Annotated

import typer

from watchkeeper.cli._client import call
from watchkeeper.cli._shown import plain


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ask")(ask)


def ask(
    words: Annotated[list[str], typer.Argument(help="Such as: why did latency spike at 2 PM?")],
    context: Annotated[str, typer.Option(help="An environment or a namespace, where the question names none.")] = "",
    zone: Annotated[str, typer.Option(help="Your time zone, such as Europe/Berlin; else TZ, else the server's.")] = "",
) -> None:
    """Ask the running server in plain words; exit status 1 where it did not understand."""
    body = {"query": " ".join(words), "context": context, "timezone": zone or os.environ.get("TZ", "").lstrip(":")}
    said = call("POST", "/api/v1/chat/query", json=body)
    for line in said["response"].split("\n"):
        typer.echo(plain(line))
    for link in said["links"]:
        typer.echo(f"  {plain(link['title'])}: {plain(link['url'])}")
    if not said["understood"]:
        raise typer.Exit(1)
