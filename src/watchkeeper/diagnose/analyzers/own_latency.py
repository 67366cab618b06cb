"""Slower answers: the waiting that a service adds itself, beyond what its slowest callee and the way to it explain."""

import polars as pl

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, Shift, finding, strongest
from watchkeeper.diagnose.impact import loads, lost_outside, own_share, passes_on, relative, steered
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Signal

_HALF_SECONDS = 0.2
_HALF_RATIO = 1.5
_LEAST_TRACED = 4
_UNTRACED = 0.4
_METRICS = ("latency", "latency-95", "latency-90", "latency-99", "latency-50")


def examine(case: Case) -> list[Finding]:
    """Seconds above the past's 95th percentile, times requests: what users wait in sum. Callees are subtracted."""
    shifts = {s: max(found, key=_rise) for s, found in case.of(*_METRICS).items()}
    waited, load, worked = _waited(case), loads(case), _worked(case)
    for caller, lost in lost_outside(case, "client-latency-95").items():
        waited[caller] = waited.get(caller, 0.0) + lost
    seconds = {s: max(_rise(x) - waited.get(s, 0.0), 0.0) for s, x in shifts.items()}
    weighed = bool(case.evidence.alerting_service) and case.evidence.alerting_service in load
    amounts = {s: rise * (load.get(s, 0.0) if weighed else 1.0) for s, rise in seconds.items()}
    own = own_share(case, amounts)
    shares = relative(case, own, passes_on(case)) if weighed else dict.fromkeys(own, 1.0)
    found = []
    for service, amount in own.items():
        shift = shifts[service]
        mine = seconds[service] * amount / amounts[service]
        # Where its requests are traced, what they took in the service itself is the better witness.
        mine = min(mine, worked.get(service, mine))
        if mine <= 0.002 or shift.top < shift.normal + 4 * shift.spread:
            continue
        # With traces at hand, a service they hardly show cannot be told from what it waits for.
        seen = 1.0 if not worked or service in worked else _UNTRACED
        found.append(_finding(shift, mine, shares[service], weighed, seen * steered(case, "latency")))
    return strongest(found)


def _finding(shift: Shift, mine: float, share: float, weighed: bool, steer: float) -> Finding:
    strength = mine / (mine + _HALF_SECONDS)
    if weighed:
        ratio = mine / max(shift.normal, 1e-3)
        strength = max(strength, ratio / (ratio + _HALF_RATIO)) * (0.1 + 0.9 * share)
    service = shift.series.service
    words = f"{service} answers in {shift.top:.3g} s, before {shift.normal:.3g} s; {mine:.3g} s are its own"
    return finding(
        "own_latency", "latency", service, shift.series.metric, strength * steer, words, signal=Signal.METRICS,
        before=shift.normal, during=shift.top, unit="s", query=shift.series.query,
    )  # fmt: skip


def _waited(case: Case) -> dict[str, float]:
    """caller -> seconds that one of its requests loses in sum on the way to its callees: not its own"""
    if case.children.is_empty():
        return {}
    gap = (pl.col("p_duration_us") - pl.col("duration_us")) / 1e6
    sums = (
        case.children.filter(pl.col("p_service") != pl.col("service"))
        .group_by("trace_id", "p_service")
        .agg(gap.sum().alias("lost"), pl.col("late").any())
    )
    late, early = pl.col("lost").filter("late"), pl.col("lost").filter(~pl.col("late"))
    extra = sums.group_by("p_service").agg((late.quantile(0.9) - early.quantile(0.9)).alias("extra"))
    return {service: max(lost or 0.0, 0.0) for service, lost in extra.iter_rows()}


def _worked(case: Case) -> dict[str, float]:
    """service -> seconds that its slow requests took longer in the service itself, by their spans"""
    if case.children.is_empty():
        return {}
    key = ["trace_id", "span_id"]
    called = case.children.group_by("trace_id", pl.col("parent_span_id").alias("span_id")).agg(
        pl.col("duration_us").sum().alias("below"), (pl.col("service") != pl.col("p_service")).any().alias("across")
    )
    own = (pl.col("duration_us") - pl.col("below").fill_null(0)).clip(0) / 1e6
    sums = (
        case.spans.join(called, on=key, how="left")
        # The span of a call to another service holds waiting, not work.
        .filter(~pl.col("across").fill_null(False))
        .group_by("trace_id", "service")
        .agg(own.sum().alias("own"), pl.col("late").any())
    )
    late, early = pl.col("own").filter("late"), pl.col("own").filter(~pl.col("late"))
    rises = sums.group_by("service").agg(
        (late.quantile(0.75) - early.quantile(0.75)).alias("rise"), late.len().alias("n"), early.len().alias("m")
    )
    return {s: max(rise, 0.0) for s, rise, n, m in rises.iter_rows() if min(n, m) >= _LEAST_TRACED and rise is not None}


def _rise(shift: Shift) -> float:
    return max(shift.top - shift.high, 0.0)


ANALYZER = Analyzer("own_latency", Signal.METRICS, examine)
