"""Time lost between caller and callee: the caller waits longer than the callee works. Points at the network."""

import polars as pl

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, Shift, finding, strongest
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_HALF_MS = 100.0
"""Extra milliseconds at which a culprit counts half."""
_LEAST_MS = 5.0
_LEAST_CALLS = 3
_MOSTLY = 0.25
"""Share of a caller's extra waiting that its peer does not account for, from which the way between them is looked at."""


def examine(case: Case) -> list[Finding]:
    """Each slow edge is blamed on one of its ends: the one whose edges lost most and are slow throughout."""
    left = {**measured_gaps(case), **direct(case, {(a, b): extra for a, b, extra in edge_gaps(case).iter_rows()})}
    every = {end: [e for e in left if end in e] for pair in left for end in pair}
    found = []
    while slow := {pair: extra for pair, extra in left.items() if extra > _LEAST_MS}:
        culprit = max(every, key=lambda end: (_blame(every[end], slow), end))
        mine = [pair for pair in every[culprit] if pair in slow]
        found.append(_finding(culprit, [slow[p] for p in mine], len(every[culprit])))
        left = {pair: extra for pair, extra in left.items() if pair not in mine}
    return strongest(found)


def _blame(edges: list[tuple[str, str]], slow: dict[tuple[str, str], float]) -> float:
    lost = [slow[e] for e in edges if e in slow]
    return sum(lost) * (len(lost) / len(edges)) ** 2


def edge_gaps(case: Case) -> pl.DataFrame:
    """Per edge: p_service, service, extra milliseconds between caller's and callee's span, after minus before."""
    if case.children.is_empty():
        return pl.DataFrame()
    cross = case.children.filter(pl.col("p_service") != pl.col("service"))
    gap = ((pl.col("p_duration_us") - pl.col("duration_us")) / 1000.0).alias("gap")
    sides = (
        cross.with_columns(gap)
        .group_by("p_service", "service")
        .agg(
            pl.col("gap").filter(~pl.col("late")).median().alias("before"),
            pl.col("gap").filter(pl.col("late")).median().alias("median"),
            pl.col("gap").filter(~pl.col("late")).quantile(0.9).alias("before90"),
            pl.col("gap").filter(pl.col("late")).quantile(0.9).alias("after90"),
            pl.col("late").sum().alias("n_after"),
            (~pl.col("late")).sum().alias("n_before"),
        )
        .filter((pl.col("n_after") >= _LEAST_CALLS) & (pl.col("n_before") >= _LEAST_CALLS))
    )
    # A tail counts only where it is a new one: some calls are always slow.
    tail = pl.when(pl.col("after90") > 2 * pl.col("before90")).then(0.3 * (pl.col("after90") - pl.col("before90")))
    extra = pl.max_horizontal(pl.col("median") - pl.col("before"), tail).alias("extra")
    return sides.select("p_service", "service", extra)


Gaps = dict[tuple[str, str], float]
"""(caller, callee) -> extra milliseconds between them"""


def direct(case: Case, gaps: Gaps) -> Gaps:
    """Without pairs between which somebody untraced handed the request on: the caller's own series name other peers."""
    peers: dict[str, set[str]] = {}
    for edge in case.topology.edges:
        if edge.origin == "observed":
            peers.setdefault(edge.caller, set()).add(edge.callee)
    return {(a, b): extra for (a, b), extra in gaps.items() if b in peers.get(a, {b})}


def measured_gaps(case: Case) -> Gaps:
    """What callers' series say of a peer beyond what the peer says of itself, where both measure."""
    served = {s: max(found, key=_rise) for s, found in case.of("latency-95").items()}
    out: Gaps = {}
    for caller, shifts in case.of("client-latency-95").items():
        for shift in shifts:
            peer = shift.series.labels.get("peer", "")
            if peer in served and peer != caller:
                waited = _rise(shift)
                lost = waited - _rise(served[peer])
                # Quantiles of two histograms never agree to the millisecond.
                out[caller, peer] = max(out.get((caller, peer), 0.0), 1000 * lost if lost > _MOSTLY * waited else 0.0)
    return out


def _rise(shift: Shift) -> float:
    return max(shift.sustained - shift.high, 0.0)


def _finding(service: str, lost: list[float], edges: int) -> Finding:
    worst, share = max(lost), len(lost) / edges
    # Several edges that agree are no accident.
    weighed = worst * (0.5 + 0.5 * share) * len(lost) ** 0.5
    words = (
        f"calls to and from {service} spend up to {worst:.0f} ms more between caller and callee "
        f"({len(lost)} of its {edges} edges)"
    )
    return finding(
        "edge_gap", "network", service, "latency-90", weighed**2 / (weighed**2 + _HALF_MS**2), words,
        signal=Signal.TRACES, during=worst, unit="ms",
    )  # fmt: skip


ANALYZER = Analyzer("edge_gap", Signal.TRACES, examine)
