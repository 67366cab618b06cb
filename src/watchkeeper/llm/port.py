"""What every language model can be asked. One file per provider on the shelf `llm.providers`."""

from typing import Protocol


class Model(Protocol):
    """Words in, words out. `offline` never sends a byte."""

    name: str

    async def complete(self, prompt: str) -> str:
        """The model's answer. Raises ModelError."""
        ...
