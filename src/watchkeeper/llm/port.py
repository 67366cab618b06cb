"""What every language model can be asked. One file per provider on the shelf `llm.providers`.

A provider module defines `build(settings, clock) -> Model`. It gets text that was redacted before and gives text back; who asks checks it.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent: exactly these two texts. `max_tokens` bounds the answer."""

    system: str
    user: str
    max_tokens: int = 1000
    json: bool = True
    """The answer must be one JSON object."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back, whole."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    model: str = ""
    """As the server names it."""


class Model(Protocol):
    """Words in, words out. `offline` never sends a byte."""

    name: str
    """Shown to people as the author of a sentence."""
    provider: str
    """As OpenTelemetry names it: azure.ai.openai, openai; "" for none."""

    async def complete(self, prompt: Prompt) -> Completion:
        """The model's answer. Raises ModelUnavailable (down, slow, over quota) or ModelAnswerInvalid (cut, filtered)."""
        ...

    async def aclose(self) -> None:
        """Give connections back."""
        ...


def estimated_tokens(text: str) -> int:
    """At least as many as a tokenizer would count for almost every text: three bytes a token."""
    return len(text.encode("utf-8", "replace")) // 3 + 1
