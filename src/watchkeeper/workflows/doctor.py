"""Check every connection and permission of a house: what is connected, what is missing and how to grant it."""

from datetime import timedelta

from watchkeeper.codehosts.port import CodeHost
from watchkeeper.domain.errors import CodeHostError, PolicyBroken, SourceError
from watchkeeper.domain.evidence import Window
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.coverage import claimed_twice, coverage
from watchkeeper.telemetry.port import Probe, Scope, Source
from watchkeeper.workflows.house import House


async def examine(house: House) -> list[Probe]:
    """One probe a connection or permission. What is broken is a probe that is not ok, never an error."""
    settings = house.settings
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
