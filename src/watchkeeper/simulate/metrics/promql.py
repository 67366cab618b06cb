"""PromQL, the subset that the shipped queries and rules use (docs/reference/simulated-queries.md).

`promql-parser` reads it; this evaluates it for all steps at once: a vector is a matrix of series by steps with a mask
of what is present (a NaN is a value, an absent sample is not). Anything outside the subset is Unsupported, by name.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import promql_parser as parser

from watchkeeper.simulate.metrics.functions import OVER_RANGE, SIMPLE
from watchkeeper.simulate.metrics.operators import aggregate, binary, negate
from watchkeeper.simulate.metrics.tsdb import LOOKBACK, Floats, LabelMatch, MetricDb, StoredSeries
from watchkeeper.simulate.metrics.values import (
    BadQuery,
    ExecutionError,
    Labels,
    Scalar,
    Text,
    Unsupported,
    Value,
    Vector,
    nameless,
    present_only,
)

__all__ = [
    "BadQuery",
    "ExecutionError",
    "Scalar",
    "Text",
    "Value",
    "Vector",
    "evaluate",
    "matchers_of",
    "parse",
    "raw_range",
]


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
            return negate(_eval(db, node.expr, times))
        case parser.VectorSelector():
            return _instant(_select(db, node), times - _offset(node))
        case parser.AggregateExpr():
            return aggregate(node, _eval(db, node.expr, times), times)
        case parser.BinaryExpr():
            return binary(node, _eval(db, node.lhs, times), _eval(db, node.rhs, times))
        case parser.Call():
            return _call(db, node, times)
        case parser.MatrixSelector():
            raise BadQuery('invalid expression type "range vector", must be Scalar or instant Vector')
        case _:
            raise Unsupported(f"the simulated Prometheus does not evaluate {type(node).__name__}")


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
    return present_only(Vector([dict(s.labels) for s in found], values, present))


def _call(db: MetricDb, node: Any, times: Floats) -> Value:
    name = node.func.name
    if name in OVER_RANGE:
        return _over_range(db, name, node, times)
    if name == "time":
        return Scalar(times.copy())
    arguments = [_eval(db, a, times) for a in node.args]
    if name in SIMPLE:
        return SIMPLE[name](arguments, times, node)
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
        values[row], present[row] = OVER_RANGE[name](at, data, lo, hi, ends, width, extra)
    keep_name = name == "last_over_time"
    labels = [dict(s.labels) if keep_name else nameless(s.labels) for s in found]
    return present_only(Vector(labels, values, present))
