"""What a question may read: measurements by service, the names that exist, incidents of a span. Read-only."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeeper.ask.curve import Curve, one_curve
from watchkeeper.ask.question import Known, Question
from watchkeeper.ask.signals import SIGNALS
from watchkeeper.domain.evidence import EvidenceFile, Series, Signal, Window
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.topology import Topology
from watchkeeper.telemetry.assemble import assemble, read_all
from watchkeeper.telemetry.port import Scope
from watchkeeper.workflows.house import House
from watchkeeper.workflows.own_changes import with_ours

_RECENT = timedelta(minutes=10)
_PAGES = 20


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Series of the asked signals, and what could not be read."""

    series: Mapping[tuple[str, str], Sequence[Series]]
    """(signal, service) -> its series"""
    unseen: tuple[str, ...]
    queries: tuple[str, ...] = ()

    def curve(self, signal: str, service: str) -> Curve:
        """One line; empty where nothing was measured. Availability is what errors leave."""
        curve = one_curve(self.series.get((signal, service), ()), SIGNALS[signal].combine)
        return Curve(curve.times, 100 - curve.values, curve.step) if signal == "availability" else curve

    def services(self, signal: str) -> list[str]:
        """Those it was measured at."""
        return sorted(service for name, service in self.series if name == signal)


async def measured(
    house: House, question: Question, signals: Iterable[str], start: datetime, end: datetime
) -> Measured:
    """From the metrics sources alone, for the services asked about (all where none is named)."""
    wanted = {name: SIGNALS[name].metric for name in signals}
    sources = [s for s in house.sources if Signal.METRICS in s.signals]
    if not sources:
        return Measured({}, ("No metrics source is configured, so I cannot see that.",))
    spaces = (question.namespace,) if question.namespace else ()
    scope = Scope(Window(start, start, end), spaces, metrics=tuple(sorted(set(wanted.values()))))
    readings = await read_all(sources, scope)
    found: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for one in (s for r in readings for s in r.metrics):
        if one.service in question.excluded or (question.services and not _belongs(one, question.services)):
            continue
        for name, metric in wanted.items():
            if one.metric == metric:
                found[(name, one.service)].append(one)
    unseen = tuple(
        f"{m.source}: {m.reason}" for r in readings for m in r.missing if "no series in this scope" not in m.reason
    )
    return Measured(dict(found), unseen, tuple(sorted({s.query for group in found.values() for s in group if s.query})))


def _belongs(one: Series, services: Sequence[str]) -> bool:
    """Of one of these, or a volume claim named after one of them."""
    return one.service in services or (
        one.metric == "disk-rate" and one.service.startswith(tuple(f"{s}-" for s in services))
    )


async def around(house: House, question: Question, window: Window, service: str, *signals: Signal) -> EvidenceFile:
    """Evidence of a window from the sources that have one of the signals (none given: all), with reported changes."""
    sources = [s for s in house.sources if not signals or s.signals & set(signals)]
    spaces = (question.namespace,) if question.namespace else ()
    evidence = assemble(window, await read_all(sources, Scope(window, spaces, service)), (), service, "")
    async with house.store.transaction() as tx:
        reported = await tx.changes(window.start, window.end)
    graph = evidence.topology.merged(await calls(house))
    changes = await with_ours(house, question.namespace, (*evidence.changes, *reported))
    return replace(evidence, changes=changes, topology=graph)


async def calls(house: House) -> Topology:
    """The call graph as remembered and as declared."""
    async with house.store.transaction() as tx:
        remembered = await tx.known_calls()
    return remembered.merged(Topology.of(house.settings.entities.calls))


async def known(house: House) -> Known:
    """The names that mean something here: measured lately, called, or named by an incident."""
    graph = await calls(house)
    incidents = (await house.store.list_incidents(limit=100)).items
    names = set(graph.services) | {i.service for i in incidents} | {i.cause_service for i in incidents}
    now = house.clock.now()
    window = Window(now - _RECENT, now - _RECENT, now)
    spaces = {i.namespace for i in incidents}
    sources = [s for s in house.sources if Signal.METRICS in s.signals]
    for reading in await read_all(sources, Scope(window, metrics=("mem", "workload"))):
        names |= {s.service for s in reading.metrics}
        spaces |= {str(s.labels.get("namespace", "")) for s in reading.metrics}
    places = {house.settings.entities.default_environment} | {i.environment for i in incidents}
    return Known(
        tuple(sorted(names - {""})),
        tuple(sorted(spaces - {""})),
        tuple(sorted(places - {""})),
        dict(house.settings.entities.aliases),
        tuple(sorted({s.alert.name for s in (await house.store.list_alerts(limit=200)).items})),
    )


async def incidents_in(house: House, start: datetime, end: datetime) -> list[Incident]:
    """Incidents that were open at some time of [start, end], newest first."""
    out: list[Incident] = []
    cursor = ""
    for _ in range(_PAGES):
        page = await house.store.list_incidents(limit=200, cursor=cursor)
        out += [i for i in page.items if i.onset <= end and (i.resolved_at is None or i.resolved_at >= start)]
        cursor = page.cursor
        if not cursor or (page.items and page.items[-1].opened_at < start - timedelta(days=7)):
            break
    return out


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words, set in columns."""

    rows: Sequence[tuple[str, ...]] = ()

    def __str__(self) -> str:
        """Columns padded; the last one is left as it is."""
        if not self.rows:
            return ""
        widths = [max(len(r[n]) for r in self.rows if n < len(r)) for n in range(max(map(len, self.rows)))]
        return "\n".join("  ".join(cell.ljust(widths[n]) for n, cell in enumerate(row)).rstrip() for row in self.rows)
