"""The scanner's thinking: samples of a fleet in, sightings of services out. Streaming; its state is arrays that can be stored.

A flag of the detector is a question, not an answer; so is a finding of a service's metrics together (`fuse`), asked of those that
made it. A signal *departs* when, after a flag, the median of its last samples
stays on the harmful side of the hour before by a margin that matters (`vitals`), and enough requests were served: five samples
are enough for a great departure, fifteen are asked of a smaller one. Signals
of one service that depart together are one sighting. It may open an incident only when two different groups of
signals agree and one of them is something users feel, or a hard limit will be reached (`limits`); what came at this time
yesterday or a week ago and passed by itself may not. A sighting that goes on is the same sighting.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.fuse import Together
from watchkeeper.detect.limits import LimitWatch
from watchkeeper.detect.model import Model
from watchkeeper.detect.vitals import BY_NAME, Vital
from watchkeeper.domain.sighting import Departure, Sighting, SightingKind

RECENT, BEFORE = 96, 60
"""Samples kept of every series, and those before a flag that a departure is measured against."""
HOURS = 170
"""Medians of hours kept of every series: this hour yesterday and a week ago."""
_HOUR = 3600.0
LAST, LONG = 5, 15
"""Samples whose median must lie out: a great departure is believed soon, a smaller one must last."""
QUICK = 2.5
"""Margins that make a departure great."""
_WITNESS = 0.5
"""Margins with which a flagged signal may confirm another that departs greatly."""
_OPEN_QUESTION, _NEW_NORMAL = 1800.0, 6 * 3600.0
"""Seconds a flag is followed up, and seconds after which a departure is how things are."""
_OVER = 3600.0
"""Seconds without a departure after which a sighting is over."""
_HEARSAY = 180.0
"""Seconds for which the word of another shard counts after what it saw last."""
_LOOK = 300.0
"""Seconds between two looks at limits."""
_ALMOST = 1800.0
"""A limit expected within these seconds is severe."""
_DAY, _WEEK, _ABOUT = 86400.0, 7 * 86400.0, 1500.0
_RISE = 15
"""Samples over which the rise of a counter is taken."""


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """One series: a metric of a workload, its pods joined."""

    namespace: str
    service: str
    metric: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What the watch is told. `warm_up`: seconds of samples before a series may say anything."""

    interval: float = 60.0
    false_pages_per_day: float = 0.05
    warm_up: float = 86400.0
    least_traffic: float = 0.5
    """requests a second below which nothing made of requests is judged"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the samples."""

    demands: Mapping[str, float] = field(default_factory=dict)
    """service -> how many times the usual margin its signals must show (`knob.demanded`); 1 where absent"""
    callers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """service -> who calls it: what they see of it is a witness of its own"""
    calls: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    """(namespace, caller) -> from when until when another shard saw its calls depart"""


class Watch:
    """One shard of a fleet. `model`: a trained one that raises the flags instead of our own detector."""

    def __init__(self, terms: Terms, model: Model | None = None) -> None:
        self.terms, self.model = terms, model
        self.keys: list[SeriesKey] = []
        self.blocks: list[AdaptiveDetector] = []
        self.at = 0.0
        self.recent = np.full((RECENT, 0), np.nan, np.float32)
        self.hourly = np.full((HOURS, 0), np.nan, np.float32)
        self.seen = np.zeros(0, np.int32)
        self.flagged_at = np.zeros(0)
        self.began = np.zeros(0)
        self.usual = np.zeros(0, np.float32)
        self.limits = LimitWatch(np.zeros(0))
        self.fuse = Together(np.zeros(0, int))
        self.open: dict[str, Sighting] = {}
        """slot (service, or service and metric for limits) -> the sighting that goes on"""
        self.ended: list[Sighting] = []
        """what is over since somebody last emptied this list"""
        self.past: list[tuple[float, str, str]] = []
        """(began, namespace/service, metrics) of what agreed before, two weeks of it"""
        self.index()

    # --- series come ---------------------------------------------------------------------------------------------

    def admit(self, keys: Sequence[SeriesKey]) -> npt.NDArray[np.int64]:
        """Columns of these series; unknown ones become new columns in a detector of their own."""
        fresh = [k for k in dict.fromkeys(keys) if k not in self.column]
        if fresh:
            n = len(fresh)
            self.keys += fresh
            self.blocks.append(AdaptiveDetector(n, self.terms.interval, self.terms.false_pages_per_day))
            self.recent = np.concatenate([self.recent, np.full((RECENT, n), np.nan, np.float32)], axis=1)
            self.hourly = np.concatenate([self.hourly, np.full((HOURS, n), np.nan, np.float32)], axis=1)
            self.seen = np.concatenate([self.seen, np.zeros(n, np.int32)])
            self.flagged_at = np.concatenate([self.flagged_at, np.zeros(n)])
            self.began = np.concatenate([self.began, np.zeros(n)])
            self.usual = np.concatenate([self.usual, np.full(n, np.nan, np.float32)])
            limits = [BY_NAME[k.metric].limit for k in fresh]
            self.limits = self.limits.grown(np.array([x for x in limits if np.isfinite(x)]))
            self.index()
        return np.array([self.column[k] for k in keys], np.int64)

    def index(self) -> None:
        """What follows from the keys alone."""
        vitals = [BY_NAME[k.metric] for k in self.keys]
        self.column = {k: n for n, k in enumerate(self.keys)}
        self.harm = np.array([v.harm for v in vitals], np.float32)
        self.share = np.array([v.share for v in vitals], np.float32)
        self.least = np.array([v.least for v in vitals], np.float32)
        self.counters = np.flatnonzero([v.counter for v in vitals])
        self.limited = np.flatnonzero([np.isfinite(v.limit) for v in vitals])
        services = {who: n for n, who in enumerate(dict.fromkeys((k.namespace, k.service) for k in self.keys))}
        numbers = np.array([services[k.namespace, k.service] for k in self.keys], np.int64)
        self.fuse = self.fuse.grown(numbers, self.terms.false_pages_per_day)
        traffic = [self.column.get(SeriesKey(k.namespace, k.service, "workload"), -1) for k in self.keys]
        self.traffic = np.array([t if v.by_traffic else -2 for t, v in zip(traffic, vitals, strict=True)], np.int64)

    # --- samples come --------------------------------------------------------------------------------------------

    def scan(self, at: float, columns: npt.NDArray[np.int64], values: npt.NDArray[Any], known: Known) -> list[Sighting]:
        """One sample of these columns, taken at unix seconds `at`; the sightings that are new or say more than before."""
        if at <= self.at:
            return []
        row = np.full(len(self.keys), np.nan, np.float32)
        row[columns] = values
        self._remember_hour(at)
        self._skip_to(at)
        place = int(at // self.terms.interval)
        self.recent[place % RECENT] = row
        self.seen += np.isfinite(row)
        flags = self._flags(at, self._risen(row, place))
        self._ask(at, place, flags)
        told = self._departures(at, place, known)
        if len(self.limited):
            self.limits.add(at, row[self.limited])
            if at // _LOOK != self.at // _LOOK:
                told += self._crossings(at)
        self.at = at
        self._end(at)
        return told

    def _skip_to(self, at: float) -> None:
        """Slots of the ring for which no sample came are empty."""
        now, before = int(at // self.terms.interval), int(self.at // self.terms.interval)
        for missed in range(max(before + 1, now - RECENT + 1), now):
            self.recent[missed % RECENT] = np.nan

    def _risen(self, row: npt.NDArray[np.float32], place: int) -> npt.NDArray[np.float32]:
        """Counters by their rise, everything else as it is."""
        if len(self.counters):
            row = row.copy()
            before = self.recent[(place - _RISE) % RECENT, self.counters]
            row[self.counters] = np.maximum(row[self.counters] - before, 0)
        return row

    def _flags(self, at: float, row: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        if self.model is not None:
            order = np.arange(int(at // self.terms.interval) - RECENT + 1, int(at // self.terms.interval) + 1) % RECENT
            found: npt.NDArray[np.bool_] = self.model.flag(self.recent[order])[-1]
            return found
        if not self.blocks:
            return np.zeros(0, bool)
        begin, out = 0, []
        for block in self.blocks:
            out.append(block.step(at, row[begin : begin + block.series]))
            begin += block.series
        surprise = np.concatenate([block.surprise for block in self.blocks])
        shift = np.concatenate([block.shift for block in self.blocks])
        told = self.fuse.step(at, surprise, shift)
        return np.concatenate(out) | self.fuse.witnesses(told, shift) if told.any() else np.concatenate(out)

    def _ask(self, at: float, place: int, flags: npt.NDArray[np.bool_]) -> None:
        """Note the usual value before each new flag. Counters are asked about whenever they rose enough."""
        flags = flags.copy()
        if len(self.counters):
            flags[self.counters] = self._rise(place, self.counters) >= self.least[self.counters]
        warm = self.seen * self.terms.interval >= self.terms.warm_up
        new = np.flatnonzero(flags & warm & (at - self.flagged_at > _OPEN_QUESTION))
        if len(new):
            order = np.arange(place - BEFORE + 1, place) % RECENT
            self.usual[new] = _median(self.recent[np.ix_(order, new)])
            self.flagged_at[new] = self.began[new] = at

    def _rise(self, place: int, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        before = self.recent[(place - _RISE) % RECENT, columns]
        rise: npt.NDArray[np.float32] = np.nan_to_num(self.recent[place % RECENT, columns] - before)
        return rise

    def _departures(self, at: float, place: int, known: Known) -> list[Sighting]:
        asked = np.flatnonzero(at - self.flagged_at <= _OPEN_QUESTION)
        if not len(asked):
            return []
        value, size = self._sizes(at, asked, place, known.demands)
        size[~self._enough_traffic(place, asked) | (at - self.began[asked] > _NEW_NORMAL)] = 0
        self.flagged_at[asked[size >= 1]] = at
        by_service: dict[tuple[str, str], dict[str, Departure]] = defaultdict(dict)
        for n in np.flatnonzero(size >= _WITNESS):
            key, column = self.keys[asked[n]], asked[n]
            told = Departure(
                key.metric, float(self.began[column]), float(self.usual[column]), float(value[n]), float(size[n])
            )
            by_service[key.namespace, key.service][key.metric] = told
        witnesses = {who for who, found in by_service.items() if any(BY_NAME[m].group == "calls" for m in found)}
        witnesses |= {who for who, (began, last) in known.calls.items() if began <= at <= last + _HEARSAY}
        out: list[Sighting | None] = []
        for (namespace, service), found in by_service.items():
            seen_by = [(namespace, c) for c in known.callers.get(service, ()) if (namespace, c) in witnesses]
            out.append(self._told(at, namespace, service, found, len(seen_by)))
        return [s for s in out if s is not None]

    def _sizes(
        self, at: float, asked: npt.NDArray[np.int64], place: int, demands: Mapping[str, float]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Values now, and how far each signal departs in margins: 1 and more departs. Small ones must last longer."""
        rows = self.recent[np.ix_(np.arange(place - LONG + 1, place + 1) % RECENT, asked)]
        short, long = _median(rows[-LAST:], least=3), _median(rows, least=LONG // 2)
        usual, harm = self.usual[asked], self.harm[asked]
        demand = np.array([demands.get(self.keys[c].service, 1.0) for c in asked], np.float32)
        margin = np.maximum(self.share[asked] * np.abs(usual), self.least[asked]) * demand
        # What falls cannot fall below nothing, whatever is demanded.
        margin = np.where(harm < 0, np.minimum(margin, 0.9 * usual), margin) + np.float32(1e-9)
        quick = np.where(harm < 0, np.minimum(QUICK * margin, 0.9 * usual), QUICK * margin)
        usual = self._season(at, asked, usual)
        with np.errstate(invalid="ignore"):
            soon, lasting = harm * (short - usual), harm * (long - usual)
            size = np.where(soon >= quick, soon / margin, np.minimum(soon, lasting) / margin)
        for n in np.flatnonzero(np.isin(asked, self.counters)):
            self.usual[asked[n]], short[n] = 0.0, self._rise(place, asked[n : n + 1])[0]
            size[n] = short[n] / margin[n]
        return short, np.nan_to_num(size)

    def _season(
        self, at: float, asked: npt.NDArray[np.int64], usual: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """The hour before, or what this hour brought yesterday or a week ago, whichever makes the departure smaller."""
        hour = int(at // _HOUR)
        out = usual
        for back in (23, 24, 25, 167, 168):
            then = self.hourly[(hour - back) % HOURS, asked]
            out = np.where(self.harm[asked] > 0, np.fmax(out, then), np.fmin(out, then))
        return out

    def _remember_hour(self, at: float) -> None:
        if at // _HOUR == self.at // _HOUR:
            return
        now, before = int(at // _HOUR), int(self.at // _HOUR)
        for missed in range(max(before, now - HOURS + 1), now):
            self.hourly[missed % HOURS] = np.nan
        if now - before == 1:
            last = int(self.at // self.terms.interval)
            self.hourly[before % HOURS] = _median(self.recent[np.arange(last - BEFORE + 1, last + 1) % RECENT])

    def _enough_traffic(self, place: int, asked: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        traffic = self.traffic[asked]
        enough = traffic == -2
        known = np.flatnonzero(traffic >= 0)
        if len(known):
            rows = np.arange(place - BEFORE + 1, place + 1) % RECENT
            served = _median(self.recent[np.ix_(rows, traffic[known])], least=LAST)
            with np.errstate(invalid="ignore"):
                enough[known] = served >= self.terms.least_traffic
        found: npt.NDArray[np.bool_] = enough
        return found

    def _told(
        self, at: float, namespace: str, service: str, found: Mapping[str, Departure], seen_by: int
    ) -> Sighting | None:
        """A new sighting, or one that may now open an incident; None where it only goes on."""
        slot = f"{namespace}/{service}"
        before = self.open.get(slot)
        began = before.began if before else min(d.began for d in found.values())
        agreed = agreement([(BY_NAME[m], d.size) for m, d in found.items()], seen_by)
        if before is None and all(d.size < 1 for d in found.values()):
            return None
        opens = bool(agreed)
        because = agreed or "one witness alone"
        if opens and not (before and before.opens) and self._usual_at_this_time(began, slot, found):
            opens, because = False, "the same came at this time before, and passed"
        if opens and not (before and before.opens):
            self.past.append((began, slot, ",".join(sorted(found))))
        if before is None:
            now = Sighting(service, namespace, SightingKind.DEPARTURE, began, at, dict(found), None, opens, because)
        else:
            grown = opens and not before.opens
            now = replace(
                before, last=at, departures={**before.departures, **found}, opens=before.opens or opens,
                because=because if grown else before.because,
            )  # fmt: skip
        self.open[slot] = now
        return now if before is None or now.opens != before.opens else None

    def _usual_at_this_time(self, at: float, slot: str, found: Mapping[str, Departure]) -> bool:
        for began, who, metrics in self.past:
            if who == slot and set(metrics.split(",")) & set(found):
                age = at - began
                if any(abs(age - period) <= _ABOUT for period in (_DAY, 2 * _DAY, _WEEK, 2 * _WEEK)):
                    return True
        return False

    def _crossings(self, at: float) -> list[Sighting]:
        out = []
        for number, coming in self.limits.look(at).items():
            key = self.keys[self.limited[number]]
            if self.seen[self.limited[number]] * self.terms.interval < self.terms.warm_up:
                continue
            slot = f"{key.namespace}/{key.service}#{key.metric}"
            before = self.open.get(slot)
            crossing = replace(coming, metric=key.metric)
            severe = crossing.expected - at <= _ALMOST
            began = before.began if before else at
            words = "a hard limit will be reached"
            now = Sighting(
                key.service, key.namespace, SightingKind.LIMIT, began, at, {}, crossing, opens=True, because=words,
                severe=severe or bool(before and before.severe),
            )  # fmt: skip
            self.open[slot] = now
            if before is None or now.severe != before.severe:
                out.append(now)
        return out

    def _end(self, at: float) -> None:
        for slot in [s for s, sighting in self.open.items() if at - sighting.last > _OVER]:
            self.ended.append(self.open.pop(slot))
        if self.past and at - self.past[0][0] > 2 * _WEEK + _DAY:
            self.past = [p for p in self.past if at - p[0] <= 2 * _WEEK + _DAY]


def agreement(departed: Sequence[tuple[Vital, float]], seen_by: int = 0) -> str:
    """Why these departures (with their size in margins) may open an incident together; "" where they may not."""
    felt = {v.group: size for v, size in departed if v.symptom and size >= 1}
    least = _WITNESS if any(size >= QUICK for size in felt.values()) else 1.0
    groups = sorted({v.group for v, size in departed if size >= least or v.group in felt})
    groups += ["its callers' calls"] if seen_by else []
    if len(groups) < 2 or not felt:
        return ""
    return f"{' and '.join(groups)} agree, and users feel {' and '.join(sorted(felt))}"


def _median(values: npt.NDArray[np.float32], least: int = 1) -> npt.NDArray[np.float32]:
    """By column, of what is known; NaN where fewer than `least` are."""
    known = np.isfinite(values).sum(axis=0)
    ordered = np.sort(values, axis=0)
    low, high = np.maximum((known - 1) // 2, 0), known // 2
    columns = np.arange(values.shape[1])
    middle = (ordered[low, columns] + ordered[np.minimum(high, len(values) - 1), columns]) / 2
    out: npt.NDArray[np.float32] = np.where(known >= max(least, 1), middle, np.float32(np.nan))
    return out


def passed_by_itself(sighting: Sighting) -> bool:
    """Was it over because things are as before? Not where the departure became the new normal, or the limit was reached."""
    if sighting.crossing is not None:
        return sighting.last < sighting.crossing.earliest
    return sighting.last - sighting.began < _NEW_NORMAL - _OPEN_QUESTION
