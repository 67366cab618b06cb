"""Say of what the scanner saw: that was real, or that was noise."""

from typing import Annotated, Literal

import typer

from watchkeeper.cli._client import call


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("feedback")(feedback)


def feedback(
    subject: Annotated[str, typer.Argument(help="Id of an incident the scanner opened, or a sighting's fingerprint.")],
    verdict: Annotated[Literal["real", "noise"], typer.Argument(help="real or noise")],
    words: Annotated[str, typer.Option(help="Why, for whoever reads it later.")] = "",
) -> None:
    """Noise makes the service's signals show more before they are told again; real takes that back."""
    body = {"subject": subject, "real": verdict == "real", "words": words}
    for service, said in call("POST", "/api/v1/feedback", json=body)["services"].items():
        typer.echo(
            f"{service}: {said['real']} real, {said['noise']} noise; its signals must show {said['margin']:g} x the usual margin"
        )
