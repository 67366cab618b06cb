"""No model: Watchkeeper words its findings itself and sends nothing."""

from watchkeeper.domain.errors import ModelUnavailable
from watchkeeper.llm.port import Model
from watchkeeper.settings import LlmSettings


class Offline:
    """Says that there is no model; every caller has its own words to fall back on."""

    name = "offline"

    async def complete(self, prompt: str) -> str:
        """Raises ModelUnavailable: nothing leaves this process."""
        raise ModelUnavailable("no language model is configured", hint="set llm.provider, or read our own words")


def build(settings: LlmSettings) -> Model:
    """The provider that needs no settings."""
    return Offline()
