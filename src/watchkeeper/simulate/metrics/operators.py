"""PromQL's aggregations and operators on vectors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import promql_parser as parser

from watchkeeper.simulate.metrics.tsdb import Floats
from watchkeeper.simulate.metrics.values import (
    BadQuery,
    ExecutionError,
    Labels,
    Mask,
    Scalar,
    Text,
    Unsupported,
    Value,
    Vector,
    nameless,
    present_only,
)


def aggregate(node: Any, inner: Value, times: Floats) -> Vector:
    """One of the folds, or topk and bottomk, by the node's grouping."""
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
    return present_only(
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
    return present_only(Vector(inner.labels, inner.values, present))


def negate(value: Value) -> Value:
    """Unary minus."""
    if isinstance(value, Scalar):
        return Scalar(-value.values)
    if isinstance(value, Vector):
        return Vector([nameless(x) for x in value.labels], -value.values, value.present)
    raise BadQuery("unary expression only allowed on expressions of type scalar or instant vector")


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod, "^": np.power,
}  # fmt: skip
_COMPARISON: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal, "!=": np.not_equal, ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal,
}  # fmt: skip


def binary(node: Any, left: Value, right: Value) -> Value:
    """Arithmetic, comparison and set operators, with on, ignoring and group modifiers."""
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
    bare = [nameless(x) for x in vector.labels]
    if op in _ARITHMETIC:
        return Vector(bare, np.asarray(_ARITHMETIC[op](a, b), dtype=float), vector.present)
    holds = np.asarray(_COMPARISON[op](a, b), dtype=bool)
    if modifier is not None and modifier.return_bool:
        return Vector(bare, holds.astype(float), vector.present)
    return present_only(Vector(vector.labels, vector.values, vector.present & holds))


def _signature(modifier: Any) -> Callable[[Labels], tuple[tuple[str, str], ...]]:
    matching = modifier.matching if modifier is not None else None
    if matching is None:
        return lambda labels: tuple(sorted(nameless(labels).items()))
    names = set(matching.labels)
    if matching.type == parser.LabelModifierType.Include:
        return lambda labels: tuple(sorted((k, v) for k, v in labels.items() if k in names))
    return lambda labels: tuple(sorted((k, v) for k, v in nameless(labels).items() if k not in names))


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
    return present_only(Vector(labels_out, np.array(values).reshape(shape), np.array(present, bool).reshape(shape)))


def _result_labels(many: Labels, one: Labels, modifier: Any, grouped: bool, filtering: bool) -> Labels:
    if grouped:
        extra = {k: one[k] for k in (modifier.group_labels or []) if k in one}
        return {**nameless(many), **extra}
    if modifier is not None and modifier.matching is not None:
        names = set(modifier.matching.labels)
        include = modifier.matching.type == parser.LabelModifierType.Include
        return {k: v for k, v in nameless(many).items() if (k in names) == include}
    return dict(many) if filtering else nameless(many)


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
    return present_only(Vector(left.labels, left.values, np.array(rows, bool).reshape(len(left.labels), steps)))


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
    return present_only(Vector(labels, np.array(values).reshape(shape), np.array(present, bool).reshape(shape)))
