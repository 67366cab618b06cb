"""Where vectors are searched. One file per kind on the shelf `llm.indexes`; PostgreSQL keeps the vectors themselves."""

from collections.abc import Sequence
from typing import Protocol

from watchkeeper.llm.embedding import Floats


class VectorIndex(Protocol):
    """Holds one vector an id. `holds`: up to which number of the store's writes it was filled, by which embedder."""

    name: str
    holds: int
    embedder: str

    async def put(self, vectors: Sequence[tuple[str, Floats]]) -> None:
        """Add, or replace those with the same id. Raises ModelError where a server does not take them."""
        ...

    async def nearest(self, vector: Floats, limit: int) -> list[tuple[str, float]]:
        """(id, cosine) of the nearest, best first. Raises ModelError."""
        ...

    async def clear(self) -> None:
        """Forget everything: another embedder makes the vectors now."""
        ...

    async def aclose(self) -> None:
        """Give connections back."""
        ...
