"""Isolation Forest (scikit-learn), one for all series: a sample is unusual when few cuts set it apart from the pooled history.

It is saved as the rows it was grown from, and grown again when loaded: the same rows and seed give the same forest, and nothing is
ever unpickled.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.features import LOOKBACK, NAMES, features
from watchkeeper.detect.model import Array, Model, ModelTerms, Progress
from watchkeeper.domain.errors import InvalidInput

_ROWS, _TREES, _DRAWN = 20_000, 100, 512
_CHUNK = 100_000


class IsolationForestModel:
    """`contamination` of the history is called unusual, no more and no less: that is the forest's own knob."""

    name = "isolation_forest"
    lookback = LOOKBACK

    def __init__(self, terms: ModelTerms) -> None:
        self._terms = terms
        self._rows: Array = np.zeros((0, 0))
        self._forest: Any = None

    def fit(self, history: Sequence[Array], progress: Progress) -> None:
        """From at most `_ROWS` rows drawn over all series. Raises InvalidInput where there are none."""
        dice = np.random.default_rng(self._terms.seed)
        rows = []
        for number, values in enumerate(history, 1):
            found = features(values).reshape(-1, len(NAMES))
            found = found[np.isfinite(found).all(axis=1)]
            share = max(_ROWS // max(len(history), 1), 1)
            rows.append(found[dice.permutation(len(found))[:share]])
            progress(number, len(history) + 1)
        self._rows = np.concatenate(rows).astype(np.float32) if rows else np.zeros((0, 0))
        if len(self._rows) < 100:
            raise InvalidInput(
                "too little history to grow a forest from", hint="at least two hours of samples are needed"
            )
        self._grow()
        progress(len(history) + 1, len(history) + 1)

    def _grow(self) -> None:
        # Loading scikit-learn takes a second: only who chose this model pays for it.
        from sklearn.ensemble import IsolationForest

        self._forest = IsolationForest(
            n_estimators=_TREES, max_samples=min(_DRAWN, len(self._rows)), contamination=self._terms.contamination,
            random_state=self._terms.seed,
        ).fit(self._rows)  # fmt: skip

    def score(self, values: Array) -> Array:
        """0 at the border that contamination sets; above it is unusual; -1 where it cannot be judged."""
        if self._forest is None:
            raise InvalidInput("the forest was not trained", hint="run `watchkeeper train`")
        rows = features(values)
        flat = rows.reshape(-1, rows.shape[2])
        out = np.full(len(flat), -1.0)
        known = np.flatnonzero(np.isfinite(flat).all(axis=1))
        for begin in range(0, len(known), _CHUNK):
            part = known[begin : begin + _CHUNK]
            out[part] = -self._forest.decision_function(flat[part].astype(np.float32))
        return out.reshape(values.shape)

    def flag(self, values: Array) -> npt.NDArray[np.bool_]:
        """Beyond the border."""
        flags: npt.NDArray[np.bool_] = self.score(values) > 0
        return flags

    def save(self, folder: Path) -> None:
        """Its rows."""
        np.savez(folder / "rows.npz", rows=self._rows)

    def load(self, folder: Path) -> None:
        """Grow it again."""
        with np.load(folder / "rows.npz", allow_pickle=False) as stored:
            self._rows = stored["rows"]
        self._grow()


def build(terms: ModelTerms) -> Model:
    """Of these terms."""
    return IsolationForestModel(terms)
