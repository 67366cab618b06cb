"""Play a range of Prometheus to the scanner: what it would have opened."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchkeeper import app as front
from watchkeeper.cli._shown import plain
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.settings import Settings, load
from watchkeeper.workflows.replay import Replayed, replay
from watchkeeper.workflows.sightings import iso


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    hours: Annotated[float, typer.Option(help="Length of the range.", min=1)] = 48,
    until: Annotated[str, typer.Option(help="Its end, ISO 8601 with a zone; default: now.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also what was only noted, with the reason.")] = False,
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
) -> None:
    """Nothing is stored and nobody is told: incidents and forecasts the scanner would have made, and a summary."""
    found = asyncio.run(_replay(load(config), hours, until))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for at, sighting in found.told:
        if sighting.opens or every:
            word = "would page" if sighting.severe else "would open" if sighting.opens else "noted"
            console.print(f"{iso(at)} {word}: {plain(sighting.words)} ({plain(sighting.because)})")
    console.print(json.dumps(found.summary, indent=1))


async def _replay(settings: Settings, hours: float, until: str) -> Replayed:
    async with front.open_house(settings) as opened:
        end = _moment(until) if until else opened.house.clock.now().timestamp()
        return await replay(opened.house, end - hours * 3600, end)


def _moment(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidInput(f"not a moment with a zone: {text!r}", field="until", hint="such as 2026-03-01T03:00:00Z")
    return at.astimezone(UTC).timestamp()
