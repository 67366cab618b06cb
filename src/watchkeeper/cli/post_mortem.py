"""A post-mortem draft."""

from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.cli._client import call_text


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("post-mortem")(post_mortem)


def post_mortem(
    incident: Annotated[str, typer.Argument(help="The incident's id.")],
    output: Annotated[Path | None, typer.Option(help="Write it there; none: standard output.")] = None,
) -> None:
    """Draft the post-mortem of an incident that is over, as Markdown."""
    text = call_text("GET", f"/api/v1/incidents/{incident}/post-mortem")
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text, encoding="utf-8")
