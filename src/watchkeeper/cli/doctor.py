"""Check every connection and permission."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchkeeper import app as front
from watchkeeper.cli._shown import plain
from watchkeeper.domain.errors import StoreUnavailable
from watchkeeper.settings import Settings, load
from watchkeeper.telemetry.port import Probe
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.workflows.doctor import examine


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Also show how labels name workloads.")] = False,
) -> None:
    """Say what is connected, what is missing and how to grant it; exit status 1 where something is wrong."""
    probes = asyncio.run(_examine(load(config)))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if rules:
        for rule in Resolver(load(config).entities).rules:
            console.print(f"entity rule: {rule.signal} {rule.label} {rule.pattern}")
    for probe in probes:
        console.print(
            f"{'ok  ' if probe.ok else 'FAIL'} {probe.name}: {plain(probe.words)}", style=None if probe.ok else "red"
        )
        if probe.hint and not probe.ok:
            console.print(f"     {plain(probe.hint)}")
    raise typer.Exit(0 if all(p.ok for p in probes) else 1)


async def _examine(settings: Settings) -> list[Probe]:
    try:
        async with front.open_house(settings) as opened:
            return await examine(opened.house)
    except StoreUnavailable as error:
        return [Probe("database", False, str(error), error.hint)]
