"""What keeps coming back: the same kind of fault in the same service, and the same kind in many services."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from watchkeeper.domain.faults import FAULTS
from watchkeeper.domain.memory import PastIncident

_LEAST, _SERVICES = 2, 3
_HOURS_TOGETHER, _SHARE = 3, 0.7
"""A pattern has a time of day where this share of it began within this many hours."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`service` is "" where the kind visits many services."""

    kind: str
    service: str
    services: tuple[str, ...]
    count: int
    first: datetime
    last: datetime
    every_hours: float
    """median time between two beginnings"""
    hour: int | None
    """UTC hour around which most began; None: no such hour"""
    alerts: tuple[str, ...]
    tried: tuple[tuple[str, int, int], ...]
    """action, times tried, times recovery was proven"""
    incidents: tuple[str, ...]
    words: str


def patterns(past: Sequence[PastIncident]) -> list[Pattern]:
    """Most frequent first. Incidents without a known cause have no pattern."""
    known = [p for p in past if p.cause_kind and p.cause_kind != "none"]
    same: dict[tuple[str, str], list[PastIncident]] = defaultdict(list)
    wide: dict[str, list[PastIncident]] = defaultdict(list)
    for p in known:
        same[p.cause_kind, p.cause_service].append(p)
        wide[p.cause_kind].append(p)
    found = [_pattern(kind, service, group) for (kind, service), group in same.items() if len(group) >= _LEAST]
    for kind, group in wide.items():
        if len({p.cause_service for p in group}) >= _SERVICES:
            found.append(_pattern(kind, "", group))
    return sorted(found, key=lambda p: (-p.count, p.kind, p.service))


def _pattern(kind: str, service: str, group: Iterable[PastIncident]) -> Pattern:
    ordered = sorted(group, key=lambda p: (p.began, p.id))
    gaps = [(b.began - a.began).total_seconds() / 3600 for a, b in pairwise(ordered)]
    every = round(statistics.median(gaps), 1) if gaps else 0.0
    tried = _tried(ordered)
    services = tuple(sorted({p.cause_service for p in ordered}))
    hour = _hour(ordered)
    return Pattern(
        kind, service, services, len(ordered), ordered[0].began, ordered[-1].began, every, hour,
        tuple(sorted({a for p in ordered for a in p.situation.alerts})), tried, tuple(p.id for p in ordered),
        _words(kind, service, services, len(ordered), every, hour, tried),
    )  # fmt: skip


def _tried(past: Sequence[PastIncident]) -> tuple[tuple[str, int, int], ...]:
    counts: dict[str, list[bool]] = defaultdict(list)
    for p in past:
        for t in p.tried:
            counts[t.action].append(t.worked)
    return tuple((action, len(w), sum(w)) for action, w in sorted(counts.items()))


def _hour(past: Sequence[PastIncident]) -> int | None:
    if len(past) < _SERVICES:
        return None
    hours = [p.began.hour for p in past]
    best = max(range(24), key=lambda h: (sum((x - h) % 24 < _HOURS_TOGETHER for x in hours), -h))
    inside = sum((x - best) % 24 < _HOURS_TOGETHER for x in hours)
    return (best + _HOURS_TOGETHER // 2) % 24 if inside >= _SHARE * len(hours) else None


def _words(
    kind: str, service: str, services: tuple[str, ...], count: int, every: float, hour: int | None,
    tried: tuple[tuple[str, int, int], ...],
) -> str:  # fmt: skip
    title = FAULTS[kind].title if kind in FAULTS else kind
    where = f"in {service}" if service else f"in {len(services)} services"
    words = [f"{title} {where}: {count} times, about every {every:g} hours"]
    if hour is not None:
        words.append(f"mostly around {hour:02d}:00 UTC")
    for action, times, worked in tried:
        again = " (it comes back: the cause is still there)" if worked and count > worked > 0 and service else ""
        words.append(f"{action} helped {worked} of {times} times{again}")
    return "; ".join(words)
