"""PromQL, the subset that the shipped queries and rules use (docs/reference/simulated-queries.md).

`promql-parser` reads it; this evaluates it for all steps at once: a vector is a matrix of series by steps with a mask
of what is present (a NaN is a value, an absent sample is not). Anything outside the subset is Unsupported, by name.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import promql_parser as parser

from watchkeeper.simulate.metrics.tsdb import LOOKBACK, Floats, LabelMatch, MetricDb, StoredSeries

Labels = dict[str, str]
Mask = npt.NDArray[np.bool_]


class BadQuery(ValueError):
    """The query cannot be read: HTTP 400, bad_data."""


class Unsupported(BadQuery):
    """The query is right but outside the subset; names the construct."""


class ExecutionError(ValueError):
    """The query was read but cannot be evaluated: HTTP 422."""


@dataclass(slots=True)
class Vector:
    """Series by steps; `values[i, j]` only means something where `present[i, j]`."""

    labels: list[Labels]
    values: Floats
    present: Mask


@dataclass(slots=True)
class Scalar:
    """One number a step."""

    values: Floats


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal."""

    value: str


Value = Vector | Scalar | Text


def parse(query: str) -> Any:
    """The syntax tree. Raises BadQuery."""
    try:
        return parser.parse(query)
    except ValueError as error:
        raise BadQuery(f'invalid parameter "query": 1:1: parse error: {error}') from None


def evaluate(db: MetricDb, query: str, times: Floats) -> Value:
    """The value at each of `times` (unix seconds). Cost: series touched times (samples + steps)."""
    return _eval(db, parse(query), times)


def raw_range(db: MetricDb, query: str, at: float) -> list[tuple[Labels, list[tuple[float, float]]]] | None:
    """For a bare range selector on the instant endpoint: its samples; None for any other query."""
    node = parse(query)
    if not isinstance(node, parser.MatrixSelector):
        return None
    end = at - _offset(node.vector_selector)
    out = []
    for series in _select(db, node.vector_selector):
        times, values, stale = series.arrays()
        inside = (times > end - node.range.total_seconds()) & (times <= end) & ~stale
        if inside.any():
            out.append((dict(series.labels), list(zip(times[inside].tolist(), values[inside].tolist(), strict=True))))
    return out


def _eval(db: MetricDb, node: Any, times: Floats) -> Value:
    match node:
        case parser.NumberLiteral():
            return Scalar(np.full(len(times), float(node.val)))
        case parser.StringLiteral():
            return Text(node.val)
        case parser.ParenExpr():
            return _eval(db, node.expr, times)
        case parser.UnaryExpr():
            return _negate(_eval(db, node.expr, times))
        case parser.VectorSelector():
            return _instant(_select(db, node), times - _offset(node))
        case parser.AggregateExpr():
            return _aggregate(db, node, times)
        case parser.BinaryExpr():
            return _binary(node, _eval(db, node.lhs, times), _eval(db, node.rhs, times))
        case parser.Call():
            return _call(db, node, times)
        case parser.MatrixSelector():
            raise BadQuery('invalid expression type "range vector", must be Scalar or instant Vector')
        case _:
            raise Unsupported(f"the simulated Prometheus does not evaluate {type(node).__name__}")


# --- selectors ---------------------------------------------------------------------------------------------------


def matchers_of(node: Any) -> list[LabelMatch]:
    """The selector's matchers, its name among them."""
    if node.matchers.or_matchers:
        raise Unsupported("the simulated Prometheus does not evaluate `or` between matchers")
    out = [LabelMatch("__name__", node.name)] if node.name else []
    for m in node.matchers.matchers:
        negated = m.op in (parser.MatchOp.NotEqual, parser.MatchOp.NotRe)
        pattern = re.compile(m.value) if m.op in (parser.MatchOp.Re, parser.MatchOp.NotRe) else None
        out.append(LabelMatch(m.name, m.value, pattern, negated))
    return out


def _select(db: MetricDb, node: Any) -> list[StoredSeries]:
    return db.find(matchers_of(node))


def _offset(node: Any) -> float:
    if node.at is not None:
        raise Unsupported("the simulated Prometheus does not evaluate the @ modifier")
    offset: timedelta | None = node.offset
    return offset.total_seconds() if offset else 0.0


def _instant(found: Sequence[StoredSeries], times: Floats) -> Vector:
    values = np.full((len(found), len(times)), np.nan)
    present = np.zeros((len(found), len(times)), dtype=bool)
    for row, series in enumerate(found):
        at, data, stale = series.arrays()
        last = np.searchsorted(at, times, side="right") - 1
        safe = np.maximum(last, 0)
        ok = (last >= 0) & (times - at[safe] < LOOKBACK) & ~stale[safe]
        values[row], present[row] = data[safe], ok
    return _present_only(Vector([dict(s.labels) for s in found], values, present))


def _present_only(vector: Vector) -> Vector:
    keep: Mask = np.asarray(vector.present.any(axis=1))
    if keep.all():
        return vector
    return Vector([x for x, k in zip(vector.labels, keep, strict=True) if k], vector.values[keep], vector.present[keep])


# --- functions ---------------------------------------------------------------------------------------------------


def _call(db: MetricDb, node: Any, times: Floats) -> Value:
    name = node.func.name
    if name in _OVER_RANGE:
        return _over_range(db, name, node, times)
    if name == "time":
        return Scalar(times.copy())
    arguments = [_eval(db, a, times) for a in node.args]
    if name in _SIMPLE:
        return _SIMPLE[name](arguments, times, node)
    raise Unsupported(f"the simulated Prometheus does not evaluate the function {name}")


def _over_range(db: MetricDb, name: str, node: Any, times: Floats) -> Vector:
    selector = node.args[-1]
    extra = [_eval(db, a, times) for a in node.args[:-1]]
    if name == "predict_linear":
        selector, extra = node.args[0], [_eval(db, node.args[1], times)]
    if not isinstance(selector, parser.MatrixSelector):
        raise Unsupported(f"the simulated Prometheus evaluates {name} of range selectors only, not of subqueries")
    found = _select(db, selector.vector_selector)
    width = selector.range.total_seconds()
    ends = times - _offset(selector.vector_selector)
    values = np.full((len(found), len(times)), np.nan)
    present = np.zeros((len(found), len(times)), dtype=bool)
    for row, series in enumerate(found):
        at, data, stale = series.arrays()
        at, data = at[~stale], data[~stale]
        lo = np.searchsorted(at, ends - width, side="right")
        hi = np.searchsorted(at, ends, side="right")
        values[row], present[row] = _OVER_RANGE[name](at, data, lo, hi, ends, width, extra)
    keep_name = name == "last_over_time"
    labels = [dict(s.labels) if keep_name else _nameless(s.labels) for s in found]
    return _present_only(Vector(labels, values, present))


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


_OVER_RANGE: dict[str, Callable[..., Window]] = {
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
    return _present_only(out)


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
        labels = {
            m.name: m.value
            for m in matchers_of(node.args[0])
            if not m.pattern and not m.negated and m.name != "__name__"
        }
    return _present_only(Vector([labels], np.ones((1, len(times))), gone[None, :]))


def _unary(function: Callable[[Floats], Floats]) -> Callable[[list[Any], Floats, Any], Vector]:
    def apply(arguments: list[Any], times: Floats, node: Any) -> Vector:
        v = arguments[0]
        return Vector([_nameless(x) for x in v.labels], function(v.values), v.present)

    return apply


def _clamp(low: bool) -> Callable[[list[Any], Floats, Any], Vector]:
    def apply(arguments: list[Any], times: Floats, node: Any) -> Vector:
        v, limit = arguments
        pick = np.maximum if low else np.minimum
        return Vector([_nameless(x) for x in v.labels], pick(v.values, limit.values[None, :]), v.present)

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


_SIMPLE: dict[str, Callable[[list[Any], Floats, Any], Value]] = {
    "histogram_quantile": _histogram_quantile, "absent": _absent, "abs": _unary(np.abs), "ceil": _unary(np.ceil),
    "floor": _unary(np.floor), "clamp_min": _clamp(True), "clamp_max": _clamp(False), "scalar": _scalar,
    "vector": _vector, "label_replace": _label_replace,
}  # fmt: skip


# --- aggregation and operators -----------------------------------------------------------------------------------


def _nameless(labels: Any) -> Labels:
    return {k: v for k, v in labels.items() if k != "__name__"}


def _aggregate(db: MetricDb, node: Any, times: Floats) -> Vector:
    inner = _eval(db, node.expr, times)
    if not isinstance(inner, Vector):
        raise BadQuery(f"expected type instant vector in aggregation expression, got {type(inner).__name__.lower()}")
    op = str(node.op)
    kept = _grouping(node.modifier)
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for row, labels in enumerate(inner.labels):
        groups.setdefault(tuple(sorted(kept(labels).items())), []).append(row)
    if op in ("topk", "bottomk"):
        return _top(inner, list(groups.values()), int(node.param.val), op == "topk")
    if op not in _FOLDS:
        raise Unsupported(f"the simulated Prometheus does not evaluate the aggregation {op}")
    values, present = [], []
    for rows in groups.values():
        there = inner.present[rows]
        values.append(_FOLDS[op](np.where(there, inner.values[rows], np.nan), there))
        present.append(there.any(axis=0))
    shape = (len(groups), len(times))
    return _present_only(
        Vector([dict(k) for k in groups], np.array(values).reshape(shape), np.array(present, bool).reshape(shape))
    )


def _grouping(modifier: Any) -> Callable[[Labels], Labels]:
    if modifier is None:
        return lambda labels: {}
    names = set(modifier.labels)
    if modifier.type == parser.AggModifierType.By:
        return lambda labels: {k: v for k, v in labels.items() if k in names}
    return lambda labels: {k: v for k, v in labels.items() if k not in names and k != "__name__"}


def _fold(function: Callable[[Floats], Floats]) -> Callable[[Floats, Mask], Floats]:
    def apply(values: Floats, there: Mask) -> Floats:
        out = np.full(values.shape[1], np.nan)
        some = there.any(axis=0)
        out[some] = function(values[:, some])
        return out

    return apply


def _nan_kept(function: Callable[..., Any], neutral: float) -> Callable[[Floats, Mask], Floats]:
    """Absent members do not count; a NaN that is present does."""
    return lambda values, there: np.asarray(function(np.where(there, values, neutral), axis=0))


_FOLDS: dict[str, Callable[[Floats, Mask], Floats]] = {
    "sum": _nan_kept(np.sum, 0.0), "count": lambda v, there: there.sum(axis=0).astype(float),
    "avg": lambda v, there: np.where(there, v, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1),
    "max": _fold(lambda v: np.nanmax(np.where(np.isnan(v), -np.inf, v), axis=0)),
    "min": _fold(lambda v: np.nanmin(np.where(np.isnan(v), np.inf, v), axis=0)),
    "group": lambda v, there: np.ones(v.shape[1]),
}  # fmt: skip


def _top(inner: Vector, groups: list[list[int]], count: int, largest: bool) -> Vector:
    present = np.zeros_like(inner.present)
    for rows in groups:
        for j in range(inner.present.shape[1]):
            there = [r for r in rows if inner.present[r, j]]
            there.sort(key=lambda r: inner.values[r, j], reverse=largest)
            present[there[:count], j] = True
    return _present_only(Vector(inner.labels, inner.values, present))


def _negate(value: Value) -> Value:
    if isinstance(value, Scalar):
        return Scalar(-value.values)
    if isinstance(value, Vector):
        return Vector([_nameless(x) for x in value.labels], -value.values, value.present)
    raise BadQuery("unary expression only allowed on expressions of type scalar or instant vector")


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod, "^": np.power,
}  # fmt: skip
_COMPARISON: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal, "!=": np.not_equal, ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal,
}  # fmt: skip


def _binary(node: Any, left: Value, right: Value) -> Value:
    op = str(node.op)
    if isinstance(left, Text) or isinstance(right, Text):
        raise BadQuery(f"operator {op} is not defined on strings")
    if op in ("and", "or", "unless"):
        if not isinstance(left, Vector) or not isinstance(right, Vector):
            raise BadQuery(f"set operator {op} not allowed in binary scalar expression")
        return _set_operation(op, node.modifier, left, right)
    if op not in _ARITHMETIC and op not in _COMPARISON:
        raise Unsupported(f"the simulated Prometheus does not evaluate the operator {op}")
    with np.errstate(divide="ignore", invalid="ignore"):
        if isinstance(left, Scalar) and isinstance(right, Scalar):
            return Scalar(np.asarray((_ARITHMETIC.get(op) or _COMPARISON[op])(left.values, right.values), dtype=float))
        if isinstance(left, Vector) and isinstance(right, Vector):
            return _match_vectors(op, node.modifier, left, right)
        return _with_scalar(op, node.modifier, left, right)


def _with_scalar(op: str, modifier: Any, left: Value, right: Value) -> Vector:
    vector = left if isinstance(left, Vector) else right
    assert isinstance(vector, Vector)
    a = left.values if isinstance(left, Vector) else left.values[None, :]  # type: ignore[union-attr]
    b = right.values if isinstance(right, Vector) else right.values[None, :]  # type: ignore[union-attr]
    nameless = [_nameless(x) for x in vector.labels]
    if op in _ARITHMETIC:
        return Vector(nameless, np.asarray(_ARITHMETIC[op](a, b), dtype=float), vector.present)
    holds = np.asarray(_COMPARISON[op](a, b), dtype=bool)
    if modifier is not None and modifier.return_bool:
        return Vector(nameless, holds.astype(float), vector.present)
    return _present_only(Vector(vector.labels, vector.values, vector.present & holds))


def _signature(modifier: Any) -> Callable[[Labels], tuple[tuple[str, str], ...]]:
    matching = modifier.matching if modifier is not None else None
    if matching is None:
        return lambda labels: tuple(sorted(_nameless(labels).items()))
    names = set(matching.labels)
    if matching.type == parser.LabelModifierType.Include:
        return lambda labels: tuple(sorted((k, v) for k, v in labels.items() if k in names))
    return lambda labels: tuple(sorted((k, v) for k, v in _nameless(labels).items() if k not in names))


def _match_vectors(op: str, modifier: Any, left: Vector, right: Vector) -> Vector:
    key = _signature(modifier)
    card = modifier.card if modifier is not None else parser.VectorMatchCardinality.OneToOne
    swapped = card == parser.VectorMatchCardinality.OneToMany
    many, one = (right, left) if swapped else (left, right)
    index: dict[Any, list[int]] = {}
    for row, labels in enumerate(one.labels):
        index.setdefault(key(labels), []).append(row)
    labels_out, values, present, used = [], [], [], set()
    grouped = card in (parser.VectorMatchCardinality.ManyToOne, parser.VectorMatchCardinality.OneToMany)
    comparing, as_bool = op in _COMPARISON, modifier is not None and modifier.return_bool
    for row, labels in enumerate(many.labels):
        signature = key(labels)
        for other in index.get(signature, []):
            both = many.present[row] & one.present[other]
            if not both.any():
                continue
            if (signature in used and not grouped) or len(index[signature]) > 1:
                raise ExecutionError("found duplicate series for the match group; many-to-many matching not allowed")
            used.add(signature)
            a, b = (one.values[other], many.values[row]) if swapped else (many.values[row], one.values[other])
            result = np.asarray((_COMPARISON[op] if comparing else _ARITHMETIC[op])(a, b))
            if comparing and not as_bool:
                both, result = both & result.astype(bool), a
            labels_out.append(_result_labels(labels, one.labels[other], modifier, grouped, comparing and not as_bool))
            values.append(result.astype(float))
            present.append(both)
    shape = (len(labels_out), left.values.shape[1] if left.labels else right.values.shape[1])
    return _present_only(Vector(labels_out, np.array(values).reshape(shape), np.array(present, bool).reshape(shape)))


def _result_labels(many: Labels, one: Labels, modifier: Any, grouped: bool, filtering: bool) -> Labels:
    if grouped:
        extra = {k: one[k] for k in (modifier.group_labels or []) if k in one}
        return {**_nameless(many), **extra}
    if modifier is not None and modifier.matching is not None:
        names = set(modifier.matching.labels)
        include = modifier.matching.type == parser.LabelModifierType.Include
        return {k: v for k, v in _nameless(many).items() if (k in names) == include}
    return dict(many) if filtering else _nameless(many)


def _set_operation(op: str, modifier: Any, left: Vector, right: Vector) -> Vector:
    key = _signature(modifier)
    steps = left.values.shape[1] if left.labels else right.values.shape[1]

    def where(vector: Vector) -> dict[Any, Mask]:
        out: dict[Any, Mask] = {}
        for row, labels in enumerate(vector.labels):
            out[key(labels)] = out.get(key(labels), np.zeros(steps, bool)) | vector.present[row]
        return out

    nothing = np.zeros(steps, bool)
    if op == "or":
        return _union(left, right, where(left), key, steps)
    known = where(right)
    turned = op == "unless"
    rows = [p & (known.get(key(x), nothing) != turned) for x, p in zip(left.labels, left.present, strict=True)]
    return _present_only(Vector(left.labels, left.values, np.array(rows, bool).reshape(len(left.labels), steps)))


def _union(left: Vector, right: Vector, known: dict[Any, Mask], key: Callable[[Labels], Any], steps: int) -> Vector:
    """Left, and right where left has nothing; a series that is in both at different steps is one series."""
    labels = list(left.labels)
    values, present = [*left.values.reshape(-1, steps)], [*left.present.reshape(-1, steps)]
    index = {tuple(sorted(x.items())): row for row, x in enumerate(labels)}
    for row, x in enumerate(right.labels):
        mask = right.present[row] & ~known.get(key(x), np.zeros(steps, bool))
        at = index.get(tuple(sorted(x.items())))
        if at is None:
            labels.append(x)
            values.append(right.values[row])
            present.append(mask)
        else:
            values[at] = np.where(mask, right.values[row], values[at])
            present[at] = present[at] | mask
    shape = (len(labels), steps)
    return _present_only(Vector(labels, np.array(values).reshape(shape), np.array(present, bool).reshape(shape)))
