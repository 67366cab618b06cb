"""No model: Watchkeeper words its findings itself and sends nothing."""

from watchkeeper.domain.clock import Clock
from watchkeeper.domain.errors import ModelUnavailable
from watchkeeper.llm.port import Completion, Model, Prompt
from watchkeeper.settings import LlmSettings

_WORDS = "no language model is configured"
_HINT = "set llm.provider, or read our own words"


class Offline:
    """Says that there is no model; every caller has its own words to fall back on."""

    name = "offline"
    provider = ""

    async def complete(self, prompt: Prompt) -> Completion:
        """Raises ModelUnavailable: nothing leaves this process."""
        raise ModelUnavailable(_WORDS, hint=_HINT)

    async def aclose(self) -> None:
        """Nothing was opened."""


def build(settings: LlmSettings, clock: Clock) -> Model:
    """The provider that needs no settings."""
    return Offline()
