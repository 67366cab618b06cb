"""A fleet over two weeks through the scanner's own logic: how many incidents normal life opens, and how many faults are seen."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from watchkeeper.bench._asked import Asked, Progress, write_json
from watchkeeper.bench._life import METRICS, START, Life, described, lived
from watchkeeper.correlate import admit as correlate
from watchkeeper.correlate.admit import Opened
from watchkeeper.detect.knob import false_pages_per_series_day
from watchkeeper.detect.watch import Known, SeriesKey, Terms, Watch
from watchkeeper.domain.sighting import Sighting
from watchkeeper.domain.situation import Situation
from watchkeeper.domain.topology import Topology
from watchkeeper.settings import AnomalySettings, CorrelationSettings
from watchkeeper.testing import CountingIds
from watchkeeper.workflows.sightings import alert_of

SEEDS = (1, 2, 3)
SERVICES, DAYS, FAULTS = 40, 14, 20
_OVER = timedelta(hours=2)
"""Without anything new an incident is over."""
_STILL = 30
"""Minutes after its end in which a fault may still be recognised."""


@dataclass(slots=True)
class Incident:
    """One that was opened."""

    id: str
    opened: float
    services: set[str]
    last: float
    fingerprints: set[str]
    severe: bool
    told: list[tuple[float, Sighting]] = field(default_factory=list)
    situation: Situation | None = None


def run(asked: Asked, *, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Normal life, then the same with faults in it, for each seed."""
    rows = []
    for number, seed in enumerate(seeds):
        quiet = watched(lived(seed, SERVICES, DAYS), asked.progress)
        life = lived(seed, SERVICES, DAYS, FAULTS)
        rows.append(
            {
                "seed": seed,
                "normal": quiet_figures(quiet),
                "faulty": seen(life, watched(life, asked.progress).incidents),
            }
        )
        asked.progress(number + 1, len(seeds))
    figures = {
        "benchmark": "fleet",
        **described(life),
        "pages_per_week": AnomalySettings().pages_per_week,
        "seeds": rows,
    }
    write_json(asked.json_out, figures)
    return figures


@dataclass(frozen=True, slots=True)
class Watched:
    """What the scanner made of a life."""

    incidents: list[Incident]
    sightings: int
    """noted, whether or not they opened anything"""
    seconds: float


def watched(life: Life, progress: Progress = lambda done, total: None) -> Watched:
    """Every sample through `Watch`, every opening sighting through admission, as the periodic job does it."""
    settings, began = AnomalySettings(), time.monotonic()
    n, services, metrics = life.values.shape
    knob = false_pages_per_series_day(settings.pages_per_week, services, metrics)
    watch = Watch(Terms(60.0, knob, settings.warm_up_hours * 3600, settings.min_requests_per_second))
    keys = [SeriesKey("shop", f"s{s}", m) for s in range(services) for m in METRICS]
    columns = watch.admit(keys)
    topology = Topology.of((f"s{a}", f"s{b}") for a, b in life.calls)
    known = Known(callers=topology.callers)
    rows, ids, noted = life.values.reshape(n, -1), CountingIds(), 0
    incidents: list[Incident] = []
    for minute in range(n):
        at = START + 60.0 * minute
        told = watch.scan(at, columns, rows[minute], known)
        noted += len(told)
        for sighting in (s for s in told if s.opens):
            _receive(sighting, at, incidents, topology, ids)
        for slot in watch.open.values():
            _touch(slot, at, incidents)
        if minute % 1440 == 0:
            progress(minute, n)
    return Watched(incidents, noted, time.monotonic() - began)


def _receive(sighting: Sighting, at: float, incidents: list[Incident], topology: Topology, ids: CountingIds) -> None:
    when = datetime.fromtimestamp(at, UTC)
    alert = alert_of(sighting, when)
    going = [i for i in incidents if at - i.last < _OVER.total_seconds()]
    known = correlate.Known(tuple(i.situation for i in going if i.situation))
    admitted = correlate.admit([alert], known, topology, CorrelationSettings(), ids, lambda a: sighting.service, when)
    [admission] = admitted.admissions
    if isinstance(admission, Opened):
        incidents.append(Incident(admission.incident_id, at, set(), at, set(), False))
    now_known = {s.incident_id: s for s in admitted.situations}
    for one in incidents:
        if one.id == getattr(admission, "incident_id", ""):
            one.situation = now_known.get(one.id, one.situation)
            one.services.add(sighting.service)
            one.fingerprints.add(alert.fingerprint)
            one.last, one.severe = at, one.severe or sighting.severe
            one.told.append((at, sighting))


def _touch(sighting: Sighting, at: float, incidents: list[Incident]) -> None:
    for one in incidents:
        if sighting.last == at and sighting.service in one.services and at - one.last < _OVER.total_seconds():
            one.last = at


def quiet_figures(found: Watched) -> dict[str, Any]:
    """Normal life: every incident is one too many."""
    what = [
        f"day {(i.opened - START) / 86400:.1f} {t.words}: {t.because}" for i in found.incidents for _, t in i.told[:1]
    ]
    return {
        "incidents": len(found.incidents), "paged": sum(i.severe for i in found.incidents), "noted": found.sightings,
        "seconds": round(found.seconds, 1), "what": what,
    }  # fmt: skip


def seen(life: Life, incidents: Sequence[Incident]) -> dict[str, Any]:
    """Which faults an incident of the same service, or of one that calls it, tells; when; and what else was told."""
    near: dict[int, set[str]] = defaultdict(set)
    for caller, callee in life.calls:
        near[callee].add(f"s{caller}")
    delays: list[float] = []
    leads: list[float] = []
    missed: list[str] = []
    right: set[str] = set()
    for fault in life.faults:
        whose = {f"s{fault.service}"} | near[fault.service]
        times = [
            (at, i.id) for i in incidents for at, t in i.told
            if t.service in whose and (at - START) / 60 - fault.begin >= 0 and (at - START) / 60 <= fault.end + _STILL
        ]  # fmt: skip
        right |= {i for _, i in times}
        if not times:
            missed.append(
                f"{fault.kind} of s{fault.service}, day {fault.begin / 1440:.1f}, {life.traffic[fault.service]:.1f}/s"
            )
            continue
        after = (min(times)[0] - START) / 60 - fault.impact
        (leads if after < 0 else delays).append(abs(after))
    wrong = [i for i in incidents if i.id not in right]
    return {
        "faults": len(life.faults), "seen": len(delays) + len(leads), "before_impact": len(leads),
        "median_minutes_after": _middle(delays), "median_minutes_before": _middle(leads),
        "other_incidents": len(wrong), "paged_by_others": sum(i.severe for i in wrong), "missed": missed,
    }  # fmt: skip


def _middle(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 1) if values else None
