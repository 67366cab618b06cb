"""Arithmetic on measurements for answers: one curve of many series, summaries, and since when it is out of the ordinary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchkeeper.ask.question import Summary
from watchkeeper.domain.evidence import Series

Floats = npt.NDArray[np.float64]
_ROW = 3
"""Samples in a row that make a shift."""
_SPREADS = 6.0
_LEAST_RATIO = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One line over time; only samples that are there. `times` are unix seconds, ascending."""

    times: Floats
    values: Floats
    step: float
    """Usual seconds between two samples."""

    @property
    def empty(self) -> bool:
        """No sample at all?"""
        return len(self.times) == 0

    def between(self, start: float, end: float) -> "Curve":
        """The part in [start, end]."""
        inside = (self.times >= start) & (self.times <= end)
        return Curve(self.times[inside], self.values[inside], self.step)

    def at(self, moment: float) -> float | None:
        """The sample next to a moment; None where none is within three steps."""
        if self.empty:
            return None
        place = int(np.argmin(np.abs(self.times - moment)))
        return float(self.values[place]) if abs(self.times[place] - moment) <= 3 * self.step else None

    def summary(self, how: Summary) -> float | None:
        """One number; None without samples. A total is the integral over time."""
        if self.empty:
            return None
        match how:
            case Summary.NOW:
                return float(self.values[-1])
            case Summary.MEAN:
                return float(np.mean(self.values))
            case Summary.MAX:
                return float(np.max(self.values))
            case Summary.MIN:
                return float(np.min(self.values))
            case Summary.TOTAL:
                return float(np.sum(self.values) * self.step)

    @property
    def peak_at(self) -> float:
        """When it was highest."""
        return float(self.times[int(np.argmax(self.values))])


def one_curve(series: Sequence[Series], combine: str) -> Curve:
    """The series of one service as one: `sum` or `max` at each time."""
    parts = [(s.times[ok], s.values[ok]) for s in series if (ok := np.isfinite(s.values)).any()]
    if not parts:
        return Curve(np.array([]), np.array([]), 60.0)
    times, place = np.unique(np.concatenate([t for t, _ in parts]), return_inverse=True)
    everything = np.concatenate([v for _, v in parts])
    values = np.zeros(len(times)) if combine == "sum" else np.full(len(times), -np.inf)
    (np.add if combine == "sum" else np.maximum).at(values, place, everything)
    step = float(np.median(np.diff(times))) if len(times) > 1 else 60.0
    return Curve(times, values, max(step, 0.001))


def increase(series: Iterable[Series], start: float, end: float) -> float:
    """How far counters grew within [start, end]; a counter that begins anew counts from zero."""
    total = 0.0
    for one in series:
        inside = (one.times >= start) & (one.times <= end) & np.isfinite(one.values)
        grown = np.diff(one.values[inside])
        total += float(np.where(grown < 0, one.values[inside][1:], grown).sum()) if len(grown) else 0.0
    return total


@dataclass(frozen=True, slots=True)
class Moved:
    """A shift away from usual."""

    since: float
    until: float | None
    """None: it still lasts at the end of what was read."""
    usual: float
    extreme: float
    """The value farthest from usual in it."""
    extreme_at: float


def moved(curve: Curve, usual_until: float, *, down: bool = False) -> Moved | None:
    """The largest shift after `usual_until`, against what the curve was before; None where it kept to its range."""
    before = curve.values[curve.times < usual_until]
    if len(before) < 2 * _ROW:
        before = curve.values[: max(len(curve.values) // 4, 1)]
    if len(curve.values) < 3 * _ROW:
        return None
    usual = float(np.median(before))
    spread = float(np.median(np.abs(before - usual))) * 1.4826
    sign = -1.0 if down else 1.0
    far = max(_SPREADS * spread, abs(usual) * (_LEAST_RATIO - 1), 1e-9)
    out = (sign * (curve.values - usual) > far) & (curve.times >= min(usual_until, curve.times[-1]))
    runs = _runs(out)
    if not runs:
        return None
    first, last = max(runs, key=lambda r: float((sign * (curve.values[r[0] : r[1] + 1] - usual)).sum()))
    inside = curve.values[first : last + 1]
    worst = first + int(np.argmin(inside) if down else np.argmax(inside))
    until = float(curve.times[last]) if last < len(curve.times) - _ROW else None
    return Moved(float(curve.times[first]), until, usual, float(curve.values[worst]), float(curve.times[worst]))


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of flagged samples at least `_ROW` long; gaps of up to `_ROW` samples are bridged."""
    places = np.flatnonzero(flags)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > _ROW)
    starts = np.concatenate([[0], breaks + 1])
    ends = np.concatenate([breaks, [len(places) - 1]])
    return [(int(places[a]), int(places[b])) for a, b in zip(starts, ends, strict=True) if b - a + 1 >= _ROW]
