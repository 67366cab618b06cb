"""Check every connection and permission."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchkeeper import app as front
from watchkeeper.cli._shown import plain
from watchkeeper.codehosts.port import CodeHost
from watchkeeper.domain.errors import CodeHostError, PolicyBroken, SourceError, StoreUnavailable
from watchkeeper.domain.evidence import Window
from watchkeeper.settings import Settings, load
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.coverage import claimed_twice, coverage
from watchkeeper.telemetry.port import Probe, Scope, Source
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.workflows.house import House


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
            house = opened.house
            probes = [Probe("database", True, "answers, schema up to date")]
            for source in house.sources:
                probes += await _probe_source(source)
            off = [n for n in type(settings.sources).model_fields if n not in {s.name for s in house.sources}]
            probes += [Probe(name, True, "not configured") for name in off]
            probes += await _coverage(house)
            probes.append(_probe_policy(house.guard.evaluate))
            probes += await _probe_codehost(house.codehost)
            probes.append(Probe("model", True, house.model.name))
            probes.append(Probe("dry run", True, "on: nothing is changed" if settings.remediation.dry_run else "off"))
            return probes
    except StoreUnavailable as error:
        return [Probe("database", False, str(error), error.hint)]


async def _coverage(house: House) -> list[Probe]:
    """Which workloads each signal knows, and names that two workloads claim."""
    if house.objects is None:
        return []
    now = house.clock.now()
    window = Window(now - timedelta(minutes=10), now - timedelta(minutes=5), now)
    readings = await read_all(house.sources, Scope(window))
    out = [Probe("coverage", True, str(c)) for c in coverage(readings)]
    hint = "set entities.rules or entities.aliases so that each has a name of its own"
    return out + [Probe("one name, two workloads", False, words, hint) for words in claimed_twice(readings)]


async def _probe_source(source: Source) -> list[Probe]:
    try:
        return await source.probe()
    except SourceError as error:
        return [Probe(source.name, False, str(error), error.hint)]


def _probe_policy(evaluate: object) -> Probe:
    try:
        evaluate({})  # type: ignore[operator]
    except PolicyBroken as error:
        return Probe("policy", False, f"{error}: investigating only, nothing is changed", error.hint)
    return Probe("policy", True, "loaded")


async def _probe_codehost(host: CodeHost | None) -> list[Probe]:
    if host is None:
        return [Probe("code host", True, "no repository configured: repairs stay suggestions")]
    try:
        return [Probe(f"{host.name} {what}", ok, words) for what, ok, words in await host.probe()]
    except CodeHostError as error:
        return [Probe(host.name, False, str(error), error.hint)]
