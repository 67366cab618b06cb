"""Read everything about an incident: each source at once, a dead one only makes the picture poorer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.evidence import EvidenceFile, Signal, Window
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.topology import Topology
from watchkeeper.telemetry.assemble import assemble, read_all
from watchkeeper.telemetry.port import Scope
from watchkeeper.workflows.house import House
from watchkeeper.workflows.own_changes import with_ours

_LEARNED = timedelta(minutes=10)


def window_of(house: House, incident: Incident) -> Window:
    """Normal time before the onset, suspect time up to now."""
    settings = house.settings.evidence
    return Window(incident.onset - timedelta(minutes=settings.normal_minutes), incident.onset, house.clock.now())


async def gather(house: House, incident: Incident, alerts: Sequence[Alert]) -> EvidenceFile:
    """The evidence file of the incident as of now, with the changes people reported."""
    window = window_of(house, incident)
    scope = Scope(window, tuple(filter(None, [incident.namespace])), incident.service, incident.id)
    readings = await read_all(house.sources, scope)
    evidence = assemble(window, readings, tuple(alerts), incident.service, "")
    async with house.store.transaction() as tx:
        reported = await tx.changes(window.start, window.end)
        noted = await tx.sightings(since=window.onset - timedelta(minutes=house.settings.evidence.normal_minutes))
        known = await tx.known_calls()
        await tx.remember_calls(evidence.topology, house.clock.now())
    topology = evidence.topology.merged(known).merged(Topology.of(house.settings.entities.calls))
    also = frozenset(house.service_of(a) for a in alerts) - {"", incident.service}
    sightings = tuple(s for s, _ in noted if s.began <= window.end.timestamp())
    changes = await with_ours(house, incident.namespace, (*evidence.changes, *reported), incident.id)
    return replace(
        evidence, incident_id=incident.id, changes=changes, topology=topology, also_alerting=also, sightings=sightings
    )


async def learn_calls(house: House) -> None:
    """Who calls whom, from the last minutes of traces, so that the first storm already meets a call graph."""
    sources = [s for s in house.sources if Signal.TRACES in s.signals]
    now = house.clock.now()
    window = Window(now - _LEARNED, now - _LEARNED / 2, now)
    evidence = assemble(window, await read_all(sources, Scope(window)))
    async with house.store.transaction() as tx:
        await tx.remember_calls(evidence.topology.merged(Topology.of(house.settings.entities.calls)), now)
