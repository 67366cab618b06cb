"""What would be sent to a language model."""

import asyncio
from typing import Annotated

import typer

from watchkeeper import app as front
from watchkeeper.domain.errors import NotFound
from watchkeeper.settings import load
from watchkeeper.workflows.ask_model import sent
from watchkeeper.workflows.second_look import prompt_of


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Language models.")
    group.command("preview")(preview)
    app.add_typer(group, name="llm")


def preview(incident: Annotated[str, typer.Argument(help="The incident's id.")]) -> None:
    """Print the exact, redacted bytes that would leave for the model. Nothing is sent."""
    typer.echo(asyncio.run(_preview(incident)).decode(), nl=False)


async def _preview(incident_id: str) -> bytes:
    async with front.open_house(load()) as opened:
        house = opened.house
        async with house.store.transaction() as tx:
            incident, diagnosis = await tx.incident(incident_id), await tx.diagnosis(incident_id)
        if diagnosis is None:
            raise NotFound(f"{incident_id} has no diagnosis yet, so nothing would be sent")
        prompt = sent(prompt_of(house, incident, diagnosis))
        return f"{prompt.system}\n\n{prompt.user}\n".encode()
