"""What PromQL expressions evaluate to: series by steps, with a mask of what is present."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.simulate.metrics.tsdb import Floats

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


def nameless(labels: Any) -> Labels:
    return {k: v for k, v in labels.items() if k != "__name__"}


def present_only(vector: Vector) -> Vector:
    keep: Mask = np.asarray(vector.present.any(axis=1))
    if keep.all():
        return vector
    return Vector([x for x, k in zip(vector.labels, keep, strict=True) if k], vector.values[keep], vector.present[keep])
