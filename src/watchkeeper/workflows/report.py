"""What the last weeks of alerts would have been: incidents, rules to fix, what changed before, what could have been foreseen."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from watchkeeper.correlate.replay import Episode, Past, replay
from watchkeeper.correlate.review import Advice, advise
from watchkeeper.detect.crossing import crossings
from watchkeeper.domain.alert import Alert
from watchkeeper.domain.clock import Ids
from watchkeeper.domain.evidence import Change, Window
from watchkeeper.settings import CorrelationSettings
from watchkeeper.telemetry.alert_history import AlertHistory
from watchkeeper.telemetry.port import Scope, Source

_BEFORE = timedelta(minutes=30)
_AHEAD = 3 * 3600.0
Progress = Callable[[str, int, int], object]
"""(what, done, total)"""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Warnings about limits: how many came true within three hours, how many did not, and what crossed unwarned."""

    series: int
    true: int
    false: int
    missed: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page shows."""

    start: datetime
    end: datetime
    alerts: int
    incidents: tuple[Past, ...]
    advice: tuple[Advice, ...]
    changes: dict[str, tuple[Change, ...]]
    """incident -> what changed in the half hour before"""
    changes_known: bool
    foreseen: Foreseen


async def report(
    history: AlertHistory, cluster: Source | None, start: datetime, end: datetime,
    rules: CorrelationSettings, ids: Ids, service_of: Callable[[Alert], str], progress: Progress,
) -> Report:  # fmt: skip
    """Reads only. Raises SourceError where Prometheus does not answer."""
    fired = await history.fired(start, end, lambda done, total: progress("reading alerts", done, total))
    episodes = [Episode(f.alert, f.ends_at) for f in fired]
    progress("grouping", 0, 1)
    calls = await history.calls()
    past = await asyncio.to_thread(replay, episodes, calls, rules, ids, service_of)
    progress("looking at rules", 0, 1)
    advice = await asyncio.to_thread(advise, episodes, await history.rules())
    changes = await _changes(cluster, start, end)
    progress("looking ahead", 0, 1)
    seen = await asyncio.to_thread(_foreseen, await history.limits(start, end))
    before = {p.id: tuple(c for c in changes if p.starts_at - _BEFORE <= c.at <= p.starts_at) for p in past}
    return Report(start, end, len(episodes), tuple(past), tuple(advice), before, cluster is not None, seen)


async def _changes(cluster: Source | None, start: datetime, end: datetime) -> list[Change]:
    if cluster is None:
        return []
    reading = await cluster.read(Scope(Window(start, start, end)))
    return sorted(reading.changes, key=lambda c: c.at)


def _foreseen(limits: Sequence[tuple[str, float, np.ndarray, np.ndarray]]) -> Foreseen:
    true = false = missed = 0
    examples: list[str] = []
    for name, limit, times, values in limits:
        interval = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
        if interval <= 0 or interval > 900:
            continue
        warned = times[crossings(values, limit, interval).warned]
        over = values >= limit
        crossed = times[1:][over[1:] & ~over[:-1]]
        right = [w for w in warned if np.any((crossed >= w) & (crossed <= w + _AHEAD))]
        true, false = true + len(right), false + len(warned) - len(right)
        missed += sum(1 for c in crossed if not np.any((warned <= c) & (warned >= c - _AHEAD)))
        if right and len(examples) < 10:
            ahead = min(c for c in crossed if c >= right[0]) - right[0]
            examples.append(f"{name}: warned {ahead / 60:.0f} minutes before {limit:.0%} was reached")
    return Foreseen(len(limits), true, false, missed, tuple(examples))
