"""Counts of each log statement in short bins: what is new, what jumped, which heartbeat fell silent.

Jumps are judged by the same streaming detector as metrics, over the roots of the counts (a count's noise grows with its root);
a statement is told where it is unusual and so is another of its service, or itself in a second bin (`fuse`). Sees only the past.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.fuse import PAGES_PER_METRIC, fused

MINUTE = 60.0
_LEAST_BINS = 60
"""Bins of normal time below which they are made shorter than a minute."""
_SHORTEST = 5.0
_NEW = 2
"""Lines of a statement never seen before from which it is told."""
_LEAST_JUMP, _TIMES = 10, 3.0
"""Lines more than usual in the bins of a jump, and times the usual rate: what is not worth a person's look is not told."""
_BEATS, _SPREAD, _SILENCE = 8, 2.5, 4.0
"""A heartbeat: at least so many in normal time, the longest gap at most so many medians; silent after so many longest gaps."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LogAnomaly:
    """`kind`: new, jump or silent. Times are unix seconds; rates are lines a minute."""

    kind: str
    service: str
    template: str
    began: float
    before: float
    during: float
    count: int
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement of one service with the times of its lines, ascending, unix seconds."""

    service: str
    template: str
    times: npt.NDArray[np.float64]
    bad: bool = False
    """does it say that something failed? Told first."""


def log_anomalies(statements: Sequence[Statement], start: float, onset: float, end: float) -> list[LogAnomaly]:
    """What is unusual in [onset, end), against [start, onset): failures first, then the largest change."""
    found = [a for s in statements for a in (*_new(s, start, onset, end), *_silent(s, onset, end))]
    by_service: dict[str, list[Statement]] = {}
    for s in statements:
        by_service.setdefault(s.service, []).append(s)
    for group in by_service.values():
        found += _jumps(group, start, onset, end)
    bad = {(s.service, s.template) for s in statements if s.bad}
    order = {"new": 0, "silent": 1, "jump": 2}
    return sorted(
        found, key=lambda a: ((a.service, a.template) not in bad, order[a.kind], -abs(a.during - a.before), a.template)
    )


def _new(s: Statement, start: float, onset: float, end: float) -> list[LogAnomaly]:
    late = s.times[(s.times >= onset) & (s.times < end)]
    if len(late) < _NEW or (s.times < onset).any() or onset <= start:
        return []
    rate = _rate(len(late), end - onset)
    words = f"{s.service} never wrote this before: {len(late)} lines since"
    return [LogAnomaly("new", s.service, s.template, float(late[0]), 0.0, rate, len(late), words)]


def _silent(s: Statement, onset: float, end: float) -> list[LogAnomaly]:
    before = s.times[s.times < onset]
    if len(before) < _BEATS:
        return []
    gaps = np.diff(before)
    longest, usual = float(gaps.max()), float(np.median(gaps))
    last = float(s.times[-1])
    if usual <= 0 or longest > _SPREAD * usual or end - last <= max(_SILENCE * longest, 2 * usual):
        return []
    words = f"{s.service} wrote this every {usual:.0f} s, and not once in the last {end - last:.0f} s"
    return [LogAnomaly("silent", s.service, s.template, last + usual, _rate(1, usual), 0.0, 0, words)]


def _jumps(group: Sequence[Statement], start: float, onset: float, end: float) -> list[LogAnomaly]:
    """Of one service's statements, judged together."""
    group = [s for s in group if (s.times < onset).any()]
    width = bin_seconds(start, onset)
    edges = np.arange(start, end + width / 2, width)
    if not group or len(edges) < 3:
        return []
    counts = np.stack([np.histogram(s.times, edges)[0] for s in group], axis=1).astype(float)
    flags = flagged(counts, edges[:-1], width)
    late = edges[:-1] >= onset - width / 2
    agreed = fused(flags) & late
    out = []
    for column, s in enumerate(group):
        again = flags[late, column].sum() >= 2
        hits = np.flatnonzero(flags[:, column] & late & (agreed | again))
        if len(hits):
            out += _jump(s, counts[:, column], edges, int(hits[0]), late, width)
    return out


def _jump(
    s: Statement, counts: npt.NDArray[Any], edges: npt.NDArray[Any], first: int, late: Flags, width: float
) -> list[LogAnomaly]:
    usual = float(counts[~late].mean())
    peak = float(counts[first:].max())
    if peak - usual < _LEAST_JUMP * width / MINUTE or peak < _TIMES * usual:
        return []
    before, during = _rate(usual, width), _rate(peak, width)
    words = f"{s.service} writes this up to {during:.3g} times a minute, usually {before:.3g}"
    count = int(counts[first:].sum())
    return [LogAnomaly("jump", s.service, s.template, float(edges[first]), before, during, count, words)]


def flagged(counts: npt.NDArray[Any], times: npt.NDArray[Any], width: float) -> Flags:
    """flags[bin, statement] for counts[bin, statement]: each bin from its past alone."""
    detector = AdaptiveDetector(counts.shape[1], width, PAGES_PER_METRIC)
    roots = np.sqrt(counts)
    return np.array([detector.step(float(at), row) for at, row in zip(times, roots, strict=True)])


def bin_seconds(start: float, onset: float) -> float:
    """A minute, shorter where normal time is short."""
    return float(np.clip((onset - start) / _LEAST_BINS, _SHORTEST, MINUTE))


def _rate(count: float, seconds: float) -> float:
    return round(count * 60 / max(seconds, 1e-9), 3)
