"""What a file on the shelf `detect.models` must give: `build(terms) -> Model`. The name is `anomaly_detection.model_type`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Progress = Callable[[int, int], object]
"""(done, total)"""
SHELF = "watchkeeper.detect.models"


@dataclass(frozen=True, slots=True)
class ModelTerms:
    """What every model is told; each uses what it can."""

    interval: float = 60.0
    """seconds between samples"""
    contamination: float = 0.02
    """expected share of unusual samples in the history (isolation_forest)"""
    false_pages_per_day: float = 0.1
    """false pages a series may cause in a day (adaptive, lstm)"""
    seed: int = 1


class Model(Protocol):
    """One model for all series. Arrays are [sample, series], oldest first, NaN where there is none."""

    name: str
    lookback: int
    """samples before the first one asked about that it needs to judge it as well as it can; 0: it learns as it goes"""

    def fit(self, history: Sequence[Array], progress: Progress) -> None:
        """Learn from several such arrays, which may differ in length."""
        ...

    def score(self, values: Array) -> Array:
        """How unusual each sample is, larger is more, from the samples before it alone."""
        ...

    def flag(self, values: Array) -> npt.NDArray[np.bool_]:
        """Which samples are unusual."""
        ...

    def save(self, folder: Path) -> None:
        """Write what was learnt into an existing folder."""
        ...

    def load(self, folder: Path) -> None:
        """Read what `save` wrote; never by unpickling."""
        ...
