"""PromQL's functions on arrays: over ranges of one series, and over whole vectors."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import promql_parser as parser

from watchkeeper.simulate.metrics.tsdb import Floats
from watchkeeper.simulate.metrics.values import Labels, Mask, Scalar, Value, Vector, nameless, present_only

Window = tuple[Floats, Mask]


def _rate(per_second: bool, counter: bool) -> Callable[..., Window]:
    def over(at: Floats, data: Floats, lo: Any, hi: Any, ends: Floats, width: float, extra: Any) -> Window:
        ok = hi - lo >= 2
        if not ok.any():
            return np.full(len(ends), np.nan), ok
        grown = np.diff(data, prepend=data[:1])
        if counter:
            grown = np.where(grown < 0, data, grown)
            grown[0] = 0.0
        total = np.cumsum(grown)
        first, last = np.where(ok, lo, 0), np.where(ok, hi - 1, 0)
        change = total[last] - total[first]
        return np.where(
            ok, _extrapolate(change, at, data, first, last, hi - lo, ends, width, per_second, counter), 0
        ), ok

    return over


def _extrapolate(
    change: Floats, at: Floats, data: Floats, first: Any, last: Any, count: Any, ends: Floats, width: float,
    per_second: bool, counter: bool,
) -> Floats:  # fmt: skip
    """To the window's edges, as Prometheus does: at most half a step beyond the samples, a counter not below zero."""
    sampled = np.maximum(at[last] - at[first], 1e-9)
    step = sampled / np.maximum(count - 1, 1)
    to_start, to_end = at[first] - (ends - width), ends - at[last]
    limit = step * 1.1
    to_start = np.where(to_start >= limit, step / 2, to_start)
    if counter:
        with np.errstate(divide="ignore", invalid="ignore"):
            to_zero = np.where(change > 0, sampled * (data[first] / change), np.inf)
        to_start = np.minimum(to_start, np.where(data[first] >= 0, to_zero, np.inf))
    to_end = np.where(to_end >= limit, step / 2, to_end)
    scaled: Floats = change * ((sampled + to_start + to_end) / sampled)
    return scaled / width if per_second else scaled


def _each(function: Callable[[Floats, Floats], float], least: int = 1) -> Callable[..., Window]:
    def over(at: Floats, data: Floats, lo: Any, hi: Any, ends: Floats, width: float, extra: Any) -> Window:
        ok = hi - lo >= least
        out = np.full(len(ends), np.nan)
        for j in np.flatnonzero(ok):
            out[j] = function(at[lo[j] : hi[j]], data[lo[j] : hi[j]])
        return out, ok

    return over


def _irate(at: Floats, data: Floats) -> float:
    grown = data[-1] - data[-2]
    return float((data[-1] if grown < 0 else grown) / (at[-1] - at[-2]))


def _slope(at: Floats, data: Floats) -> float:
    return float(np.polyfit(at - at[-1], data, 1)[0]) if len(at) > 1 else float("nan")


def _quantile_over_time(
    at: Floats, data: Floats, lo: Any, hi: Any, ends: Floats, width: float, extra: list[Scalar]
) -> Window:
    ok = hi - lo >= 1
    out = np.full(len(ends), np.nan)
    for j in np.flatnonzero(ok):
        out[j] = np.quantile(data[lo[j] : hi[j]], float(np.clip(extra[0].values[j], 0, 1)))
    return out, ok


def _predict_linear(
    at: Floats, data: Floats, lo: Any, hi: Any, ends: Floats, width: float, extra: list[Scalar]
) -> Window:
    ok = hi - lo >= 2
    out = np.full(len(ends), np.nan)
    for j in np.flatnonzero(ok):
        slope, level = np.polyfit(at[lo[j] : hi[j]] - ends[j], data[lo[j] : hi[j]], 1)
        out[j] = level + slope * extra[0].values[j]
    return out, ok


OVER_RANGE: dict[str, Callable[..., Window]] = {
    "rate": _rate(True, True), "increase": _rate(False, True), "delta": _rate(False, False),
    "irate": _each(_irate, 2), "deriv": _each(_slope, 2), "predict_linear": _predict_linear,
    "avg_over_time": _each(lambda t, v: float(v.mean())), "max_over_time": _each(lambda t, v: float(v.max())),
    "min_over_time": _each(lambda t, v: float(v.min())), "sum_over_time": _each(lambda t, v: float(v.sum())),
    "count_over_time": _each(lambda t, v: float(len(v))), "last_over_time": _each(lambda t, v: float(v[-1])),
    "changes": _each(lambda t, v: float((np.diff(v) != 0).sum())), "resets": _each(lambda t, v: float((np.diff(v) < 0).sum())),
    "quantile_over_time": _quantile_over_time,
}  # fmt: skip


def _histogram_quantile(arguments: list[Any], times: Floats, node: Any) -> Vector:
    wanted, buckets = arguments
    groups: dict[tuple[tuple[str, str], ...], list[tuple[float, int]]] = {}
    for row, labels in enumerate(buckets.labels):
        rest = {k: v for k, v in labels.items() if k not in ("le", "__name__")}
        bound = float(labels.get("le", "nan").replace("+Inf", "inf"))
        groups.setdefault(tuple(sorted(rest.items())), []).append((bound, row))
    out = Vector(
        [dict(k) for k in groups], np.full((len(groups), len(times)), np.nan), np.zeros((len(groups), len(times)), bool)
    )
    for row, members in enumerate(groups.values()):
        members.sort()
        bounds = np.array([b for b, _ in members])
        rows = [r for _, r in members]
        counts = np.maximum.accumulate(np.where(buckets.present[rows], buckets.values[rows], 0.0), axis=0)
        out.present[row] = buckets.present[rows].any(axis=0)
        for j in np.flatnonzero(out.present[row]):
            out.values[row, j] = _bucket_quantile(float(wanted.values[j]), bounds, counts[:, j])
    return present_only(out)


def _bucket_quantile(wanted: float, bounds: Floats, counts: Floats) -> float:
    total = counts[-1]
    if len(bounds) < 2 or total == 0 or not np.isinf(bounds[-1]):
        return float("nan")
    rank = wanted * total
    index = int(np.searchsorted(counts, rank, side="left"))
    if index >= len(bounds) - 1:
        return float(bounds[-2])
    below = counts[index - 1] if index else 0.0
    start = bounds[index - 1] if index else 0.0
    inside = counts[index] - below
    share = (rank - below) / inside if inside > 0 else 0.0
    return float(start + (bounds[index] - start) * share)


def _absent(arguments: list[Any], times: Floats, node: Any) -> Vector:
    gone = ~arguments[0].present.any(axis=0) if len(arguments[0].labels) else np.ones(len(times), bool)
    labels: Labels = {}
    if isinstance(node.args[0], parser.VectorSelector):
        labels = {m.name: m.value for m in node.args[0].matchers.matchers if m.op == parser.MatchOp.Equal}
    return present_only(Vector([labels], np.ones((1, len(times))), gone[None, :]))


def _unary(function: Callable[[Floats], Floats]) -> Callable[[list[Any], Floats, Any], Vector]:
    def apply(arguments: list[Any], times: Floats, node: Any) -> Vector:
        v = arguments[0]
        return Vector([nameless(x) for x in v.labels], function(v.values), v.present)

    return apply


def _clamp(low: bool) -> Callable[[list[Any], Floats, Any], Vector]:
    def apply(arguments: list[Any], times: Floats, node: Any) -> Vector:
        v, limit = arguments
        pick = np.maximum if low else np.minimum
        return Vector([nameless(x) for x in v.labels], pick(v.values, limit.values[None, :]), v.present)

    return apply


def _scalar(arguments: list[Any], times: Floats, node: Any) -> Scalar:
    v = arguments[0]
    single = v.present.sum(axis=0) == 1
    summed = np.where(v.present, v.values, 0.0).sum(axis=0) if len(v.labels) else np.zeros(len(times))
    return Scalar(np.where(single, summed, np.nan))


def _vector(arguments: list[Any], times: Floats, node: Any) -> Vector:
    return Vector([{}], arguments[0].values[None, :].copy(), np.ones((1, len(times)), bool))


def _label_replace(arguments: list[Any], times: Floats, node: Any) -> Vector:
    v, target, template, source, pattern = arguments
    compiled = re.compile(pattern.value)
    out = []
    for labels in v.labels:
        found = compiled.fullmatch(labels.get(source.value, ""))
        after = dict(labels)
        if found:
            after[target.value] = re.sub(r"\$(\d+)", lambda m, f=found: f.group(int(m.group(1))) or "", template.value)  # type: ignore[misc]
        out.append({k: x for k, x in after.items() if x != ""})
    return Vector(out, v.values, v.present)


SIMPLE: dict[str, Callable[[list[Any], Floats, Any], Value]] = {
    "histogram_quantile": _histogram_quantile, "absent": _absent, "abs": _unary(np.abs), "ceil": _unary(np.ceil),
    "floor": _unary(np.floor), "clamp_min": _clamp(True), "clamp_max": _clamp(False), "scalar": _scalar,
    "vector": _vector, "label_replace": _label_replace,
}  # fmt: skip
