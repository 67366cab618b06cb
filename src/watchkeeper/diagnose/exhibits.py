"""What of the evidence a person should see beside the diagnosis. Pure; small whatever the incident's size."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from watchkeeper.diagnose.case import Case
from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Hypothesis
from watchkeeper.domain.evidence import EvidenceFile, Series, Signal
from watchkeeper.domain.exhibit import (
    Exhibit,
    LinesExhibit,
    MapExhibit,
    Mark,
    Place,
    SeriesExhibit,
    SpanBar,
    TraceExhibit,
)
from watchkeeper.domain.redaction import redact

Floats = npt.NDArray[np.float64]
_MOST_CAUSES, _MOST_SERIES, _MOST_LINES = 3, 8, 4
_MOST_POINTS, _MOST_EXAMPLES, _MOST_SPANS, _MOST_PLACES = 240, 3, 60, 40
_LONGEST_LINE = 400
_COUNTS = 40
"""Bars in which the lines of a statement are counted."""


def exhibits(evidence: EvidenceFile, diagnosis: Diagnosis) -> tuple[Exhibit, ...]:
    """The map, then series, log statements and a slow request of the first causes. O(rows of evidence)."""
    causes = diagnosis.hypotheses[:_MOST_CAUSES]
    if not causes:
        return ()
    case = Case(evidence)
    out: list[Exhibit] = [*_map(case, causes), *_series(case, causes), *_lines(case, causes), *_trace(case, causes[0])]
    return tuple(out)


def _items(causes: Iterable[Hypothesis], *signals: Signal) -> Iterator[EvidenceItem]:
    for cause in causes:
        yield from (item for item in cause.evidence if item.signal in signals)


def _series(case: Case, causes: Iterable[Hypothesis]) -> list[SeriesExhibit]:
    by_name: dict[tuple[str, str], list[Series]] = {}
    for series in case.evidence.metrics:
        by_name.setdefault((series.service, series.metric), []).append(series)
    marks = _marks(case)
    out: list[SeriesExhibit] = []
    for item in _items(causes, Signal.METRICS):
        found = by_name.pop((item.service, item.metric), [])
        if found and len(out) < _MOST_SERIES:
            furthest = max(found, key=lambda s: _departure(s, case.onset))
            out.extend(_series_exhibit(item, furthest, case.onset, marks.get(item.service, ())))
    return out


def _departure(series: Series, onset: float) -> float:
    """How far the suspect part leaves the usual range, in widths of that range."""
    usual = _usual(series, onset)
    late = series.values[(series.times >= onset) & np.isfinite(series.values)]
    if usual is None or not len(late):
        return -1.0
    low, high = usual
    width = max(high - low, abs(high) * 0.01, 1e-9)
    return float(max(late.max() - high, low - late.min()) / width)


def _usual(series: Series, onset: float) -> tuple[float, float] | None:
    early = series.values[(series.times < onset) & np.isfinite(series.values)]
    if len(early) < 3:
        return None
    low, high = np.quantile(early, [0.05, 0.95])
    return float(low), float(high)


def _series_exhibit(item: EvidenceItem, series: Series, onset: float, marks: tuple[Mark, ...]) -> list[SeriesExhibit]:
    usual = _usual(series, onset)
    if usual is None:
        return []
    times, values = _thinned(*_near(series, onset))
    seen = tuple(m for m in marks if times[0] <= m.at <= times[-1])
    return [
        SeriesExhibit(
            item.id, series.service, series.metric, item.unit, tuple(float(t) for t in times),
            tuple(float(v) if np.isfinite(v) else None for v in values), *usual, onset, seen,
        )
    ]  # fmt: skip


def _near(series: Series, onset: float) -> tuple[Floats, Floats]:
    """The suspect part, and before it three times as much, at least ten minutes."""
    since = onset - max(3 * (series.times[-1] - onset), 600)
    shown = series.times >= since
    return series.times[shown], series.values[shown]


def _thinned(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """At most so many points; of each stretch the one furthest from the middle of all, so that peaks stay."""
    if len(times) <= _MOST_POINTS:
        return times, values
    middle = float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0
    far = np.nan_to_num(np.abs(values - middle), nan=-1.0)
    edges = np.linspace(0, len(times), _MOST_POINTS + 1).astype(int)
    kept = [a + int(np.argmax(far[a:b])) for a, b in pairwise(edges) if b > a]
    return times[kept], values[kept]


def _marks(case: Case) -> Mapping[str, tuple[Mark, ...]]:
    out: dict[str, tuple[Mark, ...]] = {}
    for change in case.evidence.changes:
        mark = Mark(change.at.timestamp(), redact(change.words)[:120])
        out[change.service] = (*out.get(change.service, ()), mark)
    return out


def _lines(case: Case, causes: Iterable[Hypothesis]) -> list[LinesExhibit]:
    lines = case.statements
    if lines.is_empty():
        return []
    out: list[LinesExhibit] = []
    for item in _items(causes, Signal.LOGS):
        if item.excerpt and len(out) < _MOST_LINES:
            out.extend(_lines_exhibit(item, lines.filter(pl.col("service") == item.service), case))
    return out


def _lines_exhibit(item: EvidenceItem, lines: pl.DataFrame, case: Case) -> list[LinesExhibit]:
    """Of the statement that the excerpt is a line or the name of."""
    named = lines.filter(pl.col("message").str.starts_with(item.excerpt) | (pl.col("statement") == item.excerpt))
    if named.is_empty():
        return []
    statement = named["statement"][0]
    mine = lines.filter(pl.col("statement") == statement)
    start, end = (t.timestamp() for t in (case.evidence.window.start, case.evidence.window.end))
    edges = np.linspace(start, max(end, start + 1), _COUNTS + 1)
    counts, _ = np.histogram(mine["timestamp"].to_numpy() / 1000, edges)
    late = mine.filter("late") if mine["late"].any() else mine
    examples = tuple(
        redact(m)[:_LONGEST_LINE] for m in late["message"].unique(maintain_order=True).head(_MOST_EXAMPLES)
    )
    during = int(mine["late"].sum())
    return [
        LinesExhibit(
            item.id, item.service, redact(str(statement))[:_LONGEST_LINE], mine.height - during, during,
            tuple(float(t) for t in edges[:-1]), tuple(int(c) for c in counts), case.onset, examples,
        )
    ]  # fmt: skip


def _trace(case: Case, cause: Hypothesis) -> list[TraceExhibit]:
    """The request since the onset in which the cause spent most time."""
    mine = case.spans.filter(pl.col("late") & (pl.col("service") == cause.service))
    if mine.is_empty():
        return []
    worst = mine.sort((pl.col("status") == "error").cast(pl.Int8), "duration_us", descending=True).row(0, named=True)
    spans = case.spans.filter(pl.col("trace_id") == worst["trace_id"]).sort("start_time_us", "span_id")
    depths = _depths(spans)
    began = int(spans["start_time_us"].cast(pl.Int64).to_numpy().min())
    bars = tuple(
        SpanBar(
            row["service"], redact(row["operation"] or "")[:120], (row["start_time_us"] - began) / 1000, row["duration_us"] / 1000,
            depths[row["span_id"]], row["status"] == "error",
        )
        for row in spans.iter_rows(named=True)
    )  # fmt: skip
    cites = next((i.id for i in cause.evidence if i.signal is Signal.TRACES), "")
    return [TraceExhibit(cites, worst["trace_id"], cause.service, bars[:_MOST_SPANS], max(len(bars) - _MOST_SPANS, 0))]


def _depths(spans: pl.DataFrame) -> dict[str, int]:
    parents = dict(zip(spans["span_id"], spans["parent_span_id"], strict=True))
    depths: dict[str, int] = {}
    for span in parents:
        chain, at = [], span
        while at in parents and at not in depths and at not in chain:
            chain.append(at)
            at = parents[at]
        below = depths.get(at, -1)
        for number, one in enumerate(reversed(chain), 1):
            depths[one] = below + number
    return depths


def _map(case: Case, causes: tuple[Hypothesis, ...]) -> list[MapExhibit]:
    """The cause, what it explains, who is alerting, and their neighbours."""
    topology, first = case.topology, causes[0]
    if first.service not in topology.services:
        return []
    roles = dict.fromkeys(topology.services, "calm")
    roles |= dict.fromkeys(first.explains, "affected")
    roles |= {s: "alerting" for s in (case.evidence.alerting_service, *case.evidence.also_alerting) if s}
    roles |= {h.service: "suspect" for h in causes[1:] if h.service not in first.explains}
    roles[first.service] = "cause"
    confidence = {h.service: h.confidence for h in causes}
    near = _nearest(first.service, topology.callers, topology.callees)
    told = [s for s in near if roles.get(s, "calm") != "calm"]
    kept = set((told + [s for s in near if s not in told])[:_MOST_PLACES])
    places = tuple(Place(s, roles[s], confidence.get(s, 0.0)) for s in near if s in kept)
    calls = tuple(sorted({(e.caller, e.callee) for e in topology.edges if e.caller in kept and e.callee in kept}))
    return [MapExhibit(places, calls, len(near) - len(kept))]


def _nearest(start: str, callers: Mapping[str, frozenset[str]], callees: Mapping[str, frozenset[str]]) -> list[str]:
    """Services connected with `start`, nearest first."""
    seen, ring = [start], [start]
    known = {start}
    while ring:
        ring = sorted({n for s in ring for n in callers.get(s, frozenset()) | callees.get(s, frozenset())} - known)
        known |= set(ring)
        seen += ring
    return seen
