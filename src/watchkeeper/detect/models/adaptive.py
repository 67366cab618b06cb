"""Ours: streaming, one small state a series, learns as it goes. Training only measures it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.model import Array, Model, ModelTerms, Progress


class Adaptive:
    """`AdaptiveDetector` behind the port. The history it was given is learnt from anew before it judges the same series."""

    name = "adaptive"
    lookback = 0

    def __init__(self, terms: ModelTerms) -> None:
        self._terms = terms
        self._states: list[bytes] = []

    def fit(self, history: Sequence[Array], progress: Progress) -> None:
        """One state for each array of the history."""
        self._states = []
        for number, values in enumerate(history, 1):
            detector = self._fresh(values.shape[1])
            for place, row in enumerate(values):
                detector.step(place * self._terms.interval, row)
            self._states.append(detector.state())
            progress(number, len(history))

    def score(self, values: Array) -> Array:
        """1 where it is flagged, else 0: its tails are its own business."""
        return self.flag(values).astype(float)

    def flag(self, values: Array) -> npt.NDArray[np.bool_]:
        """Goes on from the history where that had the same series, else begins afresh."""
        known = [s for s in map(AdaptiveDetector.restored, self._states) if s.series == values.shape[1]]
        detector = known[0] if known else self._fresh(values.shape[1])
        if not len(values):
            return np.zeros(values.shape, bool)
        return np.array([detector.step(place * self._terms.interval, row) for place, row in enumerate(values)])

    def _fresh(self, series: int) -> AdaptiveDetector:
        return AdaptiveDetector(series, self._terms.interval, self._terms.false_pages_per_day)

    def save(self, folder: Path) -> None:
        """One file a state."""
        for number, state in enumerate(self._states):
            (folder / f"state-{number}.npz").write_bytes(state)

    def load(self, folder: Path) -> None:
        """What `save` wrote."""
        self._states = [p.read_bytes() for p in sorted(folder.glob("state-*.npz"))]


def build(terms: ModelTerms) -> Model:
    """Of these terms."""
    return Adaptive(terms)
