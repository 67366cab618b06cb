"""What makes vectors of texts. One file per kind on the shelf `llm.embedders`."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Texts in, one row of length 1 a text out."""

    name: str
    """With the model's own name: vectors of different names are never compared."""
    dimensions: int

    async def embed(self, texts: Sequence[str]) -> Floats:
        """Raises ModelError. An empty list gives no rows."""
        ...

    async def aclose(self) -> None:
        """Give connections back."""
        ...


def normed(rows: Sequence[Sequence[float]] | Floats, dimensions: int) -> Floats:
    """Each row brought to length 1; rows of zeros stay."""
    matrix = np.asarray(rows, np.float32).reshape(-1, dimensions)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(lengths > 0, lengths, 1)).astype(np.float32)
