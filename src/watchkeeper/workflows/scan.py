"""The scan of one shard: what came since the last run is read in one range query a metric, judged, kept, and told at the door.

The order makes it safe to die anywhere: alerts first (the same sighting twice is one alert), then the sightings, and the state last.
"""

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.knob import demanded, false_pages_per_series_day
from watchkeeper.detect.model import Model
from watchkeeper.detect.shards import shard_of
from watchkeeper.detect.vitals import BY_NAME, WATCHED
from watchkeeper.detect.watch import Known, SeriesKey, Terms, Watch, passed_by_itself
from watchkeeper.detect.watch_state import restored, saved
from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.evidence import Series, Signal, Window
from watchkeeper.domain.sighting import Sighting
from watchkeeper.settings import AnomalySettings, Settings
from watchkeeper.telemetry.assemble import read_all
from watchkeeper.telemetry.port import MetricQueries, Scope, Source
from watchkeeper.workflows.house import House
from watchkeeper.workflows.model_library import library, terms
from watchkeeper.workflows.receive_alerts import receive_alerts
from watchkeeper.workflows.sightings import alert_of

log = logging.getLogger(__name__)

_CHUNK = 6 * 3600.0
"""Seconds read at once, divided by the shards since each reads all and keeps its own: bounds memory when one catches up."""
_FRESH = 900.0
"""Seconds without a word after which a sighting found while catching up opens nothing any more."""
_LATELY = timedelta(minutes=5)
"""How old what other shards noted of callers' calls may be."""
MEMORY = timedelta(days=60)
"""How long a word of feedback counts for the margin."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a run did."""

    series: int
    samples: int
    sightings: int
    incidents: tuple[str, ...]


async def scan(house: House, shard: int = 0, of: int = 1) -> Scanned:
    """Read and judge what came since the last run. Raises SourceError where the metrics cannot be read at all."""
    source = metrics_source(house)
    if source is None:
        return Scanned(0, 0, 0, ())
    name, known = f"{shard} of {of}", await known_of(house)
    if of > 1:
        known = replace(known, calls=await _calls_elsewhere(house))
    async with house.store.transaction() as tx:
        state = await tx.watch_state(name)
    rules = house.settings.anomaly_detection
    watch = await asyncio.to_thread(_watch, state, house.settings, of)
    now = house.clock.now().timestamp()
    end = math.floor(now / rules.scan_seconds) * rules.scan_seconds
    begin = watch.at + rules.scan_seconds
    if begin < end - rules.history_hours * 3600:
        begin = await _oldest(house, end, rules)
    told: dict[str, Sighting] = {}
    samples, chunk = 0, max(_CHUNK / of // rules.scan_seconds, 1) * rules.scan_seconds
    while begin <= end:
        stop = min(begin + chunk, end)
        series = await read_series(source, begin, stop, rules.scan_seconds)
        mine = {key: row for key, row in series.items() if shard_of(key.namespace, key.service, of) == shard}
        found, count = await asyncio.to_thread(_judge, watch, mine, begin, known)
        told |= {s.fingerprint: s for s in found}
        samples += count
        begin = stop + rules.scan_seconds
    incidents = await _tell(house, watch, told, end)
    if samples:
        async with house.store.transaction() as tx:
            if not await tx.save_watch_state(name, await asyncio.to_thread(saved, watch), watch.at):
                log.info("another worker scanned further", extra={"fields": {"shard": name}})
    return Scanned(len(watch.keys), samples, len(told), incidents)


def metrics_source(house: House) -> Source | None:
    """The source of metrics that also answers range questions, None where there is none."""
    return next((s for s in house.sources if Signal.METRICS in s.signals and isinstance(s, MetricQueries)), None)


def _watch(state: bytes | None, settings: Settings, of: int) -> Watch:
    """As it was, on today's terms and with today's model; the knob follows the size the fleet had."""
    rules, model = settings.anomaly_detection, model_of(settings)
    before = restored(state, terms_of(rules, 1.0)) if state else None
    services = len({(k.namespace, k.service) for k in before.keys}) if before else 0
    signals = len(before.keys) / services if before and services else len(WATCHED)
    today = terms_of(rules, false_pages_per_series_day(rules.pages_per_week / of, services or 20, signals))
    return (restored(state, today, model) if state else None) or Watch(today, model)


def model_of(settings: Settings) -> Model | None:
    """The trained model the settings name; None for ours, and where none was trained here yet. Raises ConfigurationError."""
    if settings.anomaly_detection.model_type == "adaptive":
        return None
    books = library(settings)
    version = books.current()
    if not version:
        log.warning("no %s was trained in %s yet: the adaptive detector scans until then", books.kind, books.folder)
        return None
    return books.load(version, terms(settings))


def terms_of(rules: AnomalySettings, knob: float) -> Terms:
    """The settings as the watch wants them."""
    return Terms(rules.scan_seconds, knob, rules.warm_up_hours * 3600, rules.min_requests_per_second)


async def _oldest(house: House, end: float, rules: AnomalySettings) -> float:
    """Where a shard begins that knows nothing: one question spares reading hours in which nothing was scraped."""
    begin = end - rules.history_hours * 3600
    found = await house.metrics.range("count(up)", begin, end, 3600.0) if house.metrics is not None else []
    first = min((float(s.times[0]) for s in found if len(s.times)), default=end)
    return max(begin, math.floor((first - 3600.0) / rules.scan_seconds) * rules.scan_seconds)


async def known_of(house: House) -> Known:
    async with house.store.transaction() as tx:
        said = await tx.feedback_by_service(house.clock.now() - MEMORY)
        calls = await tx.known_calls()
    return Known({service: demanded(real, noise) for service, (real, noise) in said.items()}, calls.callers)


async def _calls_elsewhere(house: House) -> Mapping[tuple[str, str], tuple[float, float]]:
    """What a workload's callers see of it may be in other shards: their word comes by the store, a run later."""
    since = house.clock.now() - _LATELY
    async with house.store.transaction() as tx:
        found = await tx.sightings(since=since, limit=1000)
    calls = [s for s, _ in found if any(BY_NAME[m].group == "calls" for m in s.departures if m in BY_NAME)]
    return {(s.namespace, s.service): (s.began, s.last) for s in calls}


async def read_series(
    source: Source, begin: float, end: float, step: float
) -> Mapping[SeriesKey, npt.NDArray[np.float32]]:
    """One range query a metric. Where nothing could be read the next run asks again."""
    window = Window(*(datetime.fromtimestamp(t, UTC) for t in (begin, begin, end)))
    [reading] = await read_all([source], Scope(window, metrics=WATCHED, step=step))
    if not reading.metrics and reading.missing:
        log.warning("nothing to scan", extra={"fields": {"reason": reading.missing[0].reason}})
    return await asyncio.to_thread(joined, reading.metrics, begin, end, step)


def joined(series: Iterable[Series], begin: float, end: float, step: float) -> dict[SeriesKey, npt.NDArray[np.float32]]:
    """Pods, peers and queues of a workload to one series a metric, on the grid begin, begin + step, … end."""
    slots = round((end - begin) / step) + 1
    parts: dict[SeriesKey, list[npt.NDArray[np.float32]]] = defaultdict(list)
    for one in series:
        if one.metric not in BY_NAME:
            continue
        row = np.full(slots, np.nan, np.float32)
        place = np.rint((one.times - begin) / step).astype(int)
        inside = (place >= 0) & (place < slots)
        row[place[inside]] = one.values[inside]
        row[~np.isfinite(row)] = np.nan
        parts[SeriesKey(one.labels.get("namespace", ""), one.service, one.metric)].append(row)
    return {key: _together(key, rows) for key, rows in sorted(parts.items())}


def _together(key: SeriesKey, rows: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    if len(rows) == 1:
        return rows[0]
    stacked = np.stack(rows)
    match BY_NAME[key.metric].joined:
        case "sum":
            total = np.nansum(stacked, axis=0)
            out = np.where(np.isfinite(stacked).any(axis=0), total, np.nan)
        case "min":
            out = np.fmin.reduce(stacked)
        case _:
            out = np.fmax.reduce(stacked)
    done: npt.NDArray[np.float32] = out.astype(np.float32)
    return done


def _judge(
    watch: Watch, series: Mapping[SeriesKey, npt.NDArray[np.float32]], begin: float, known: Known
) -> tuple[list[Sighting], int]:
    if not series:
        return [], 0
    columns = watch.admit(list(series))
    values = np.stack(list(series.values()), axis=1)
    told: list[Sighting] = []
    for place, row in enumerate(values):
        told += watch.scan(begin + place * watch.terms.interval, columns, row, known)
    return told, values.size


async def _tell(house: House, watch: Watch, told: Mapping[str, Sighting], end: float) -> tuple[str, ...]:
    """Alerts for what goes on and may open, resolved ones for what passed; then everything is kept with its incident."""
    now = house.clock.now()
    latest = dict(told) | {s.fingerprint: s for s in watch.ended} | {s.fingerprint: s for s in watch.open.values()}
    fresh = [latest[f] for f in told if latest[f].opens and end - latest[f].last <= _FRESH]
    passed = [s for s in watch.ended if s.opens and passed_by_itself(s)]
    watch.ended.clear()
    incidents: dict[str, str] = {}
    if fresh or passed:
        await receive_alerts(house, [alert_of(s, now) for s in fresh] + [alert_of(s, now, now) for s in passed])
    async with house.store.transaction() as tx:
        for sighting in fresh:
            stored = await tx.known_alert(alert_of(sighting, now))
            if stored is not None and stored.incident_id:
                incidents[sighting.fingerprint] = stored.incident_id
        for fingerprint, sighting in latest.items():
            await tx.keep_sighting(sighting, incidents.get(fingerprint, ""))
    return tuple(dict.fromkeys(incidents.values()))


async def run(house: House, shard: int, of: int) -> None:
    """The periodic job: a source that does not answer is tried again next time."""
    try:
        done = await scan(house, shard, of)
    except SourceError as error:
        log.warning("the scan waits for its source", extra={"fields": {"reason": str(error)}})
        return
    if done.incidents:
        log.info("the scan opened or joined incidents", extra={"fields": {"incidents": list(done.incidents)}})
