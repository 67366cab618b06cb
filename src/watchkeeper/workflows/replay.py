"""A range of Prometheus played to the scanner as if it were now: what it would have opened, and what it foresaw."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.detect.knob import false_pages_per_series_day
from watchkeeper.detect.watch import Known, Watch
from watchkeeper.domain.sighting import Sighting, SightingKind
from watchkeeper.settings import Settings
from watchkeeper.workflows.house import House
from watchkeeper.workflows.scan import known_of, model_of, terms_of
from watchkeeper.workflows.sightings import iso
from watchkeeper.workflows.train import Range, read_range


@dataclass(frozen=True, slots=True)
class Replayed:
    """Each with the moment it was told (unix seconds)."""

    told: tuple[tuple[float, Sighting], ...]
    summary: Mapping[str, Any]


async def replay(house: House, begin: float, end: float) -> Replayed:
    """Nothing is stored and nobody is told. Raises SourceUnavailable, InvalidInput."""
    read = await read_range(house, begin, end)
    return await asyncio.to_thread(replayed, read, house.settings, await known_of(house))


def replayed(read: Range, settings: Settings, known: Known) -> Replayed:
    """The same without reading."""
    rules = settings.anomaly_detection
    services = {(k.namespace, k.service) for k in read.keys}
    knob = false_pages_per_series_day(rules.pages_per_week, len(services), len(read.keys) / max(len(services), 1))
    watch = Watch(terms_of(rules, knob), model_of(settings))
    columns, told = watch.admit(list(read.keys)), list[tuple[float, Sighting]]()
    for at, row in zip(read.times, read.values, strict=True):
        told += [(float(at), s) for s in watch.scan(float(at), columns, row, known)]
    opening = {s.fingerprint: s for _, s in told if s.opens}
    days = len(read.values) * read.step / 86400
    summary = {
        "from": iso(read.begin), "until": iso(float(read.times[-1])), "days": round(days, 2), "services": len(services),
        "series": len(read.keys), "noted": len({s.fingerprint for _, s in told}), "would_open": len(opening),
        "would_page": sum(s.severe for s in opening.values()),
        "forecasts": sum(s.kind is SightingKind.LIMIT for s in opening.values()),
        "a_week": round(len(opening) / max(days, 1e-9) * 7, 2), "warm_up_hours": rules.warm_up_hours,
    }  # fmt: skip
    return Replayed(tuple(told), summary)
