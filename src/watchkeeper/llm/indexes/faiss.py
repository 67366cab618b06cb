"""FAISS in this process: exact, filled from PostgreSQL. 100,000 incidents are 0.4 GB and some milliseconds a search."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from watchkeeper.llm.embedding import Floats
from watchkeeper.llm.index import VectorIndex
from watchkeeper.settings import RecallSettings

NAME = "faiss"


class Faiss:
    """Inner products of vectors of length 1 are cosines. A replaced id keeps its number."""

    name = NAME

    def __init__(self) -> None:
        self.holds, self.embedder = 0, ""
        self._index: Any = None
        self._ids: list[str] = []
        self._numbers: dict[str, int] = {}

    async def put(self, vectors: Sequence[tuple[str, Floats]]) -> None:
        """Add or replace."""
        import faiss

        if not vectors:
            return
        rows = np.stack([v for _, v in vectors]).astype(np.float32)
        if self._index is None:
            self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(rows.shape[1]))
        numbers = np.array([self._number(subject) for subject, _ in vectors], np.int64)
        self._index.remove_ids(numbers)
        self._index.add_with_ids(rows, numbers)

    def _number(self, subject: str) -> int:
        if subject not in self._numbers:
            self._numbers[subject] = len(self._ids)
            self._ids.append(subject)
        return self._numbers[subject]

    async def nearest(self, vector: Floats, limit: int) -> list[tuple[str, float]]:
        """Best first; of equals the earlier one."""
        if self._index is None:
            return []
        scores, numbers = self._index.search(vector.reshape(1, -1).astype(np.float32), limit)
        return [
            (self._ids[n], float(s)) for n, s in zip(numbers[0].tolist(), scores[0].tolist(), strict=True) if n >= 0
        ]

    async def clear(self) -> None:
        """Empty again."""
        self.__init__()  # type: ignore[misc]

    async def aclose(self) -> None:
        """Nothing to give back."""


def build(settings: RecallSettings) -> VectorIndex:
    """Needs no settings."""
    return Faiss()
