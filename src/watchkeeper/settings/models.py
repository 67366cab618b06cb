"""Language models."""

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section


class LlmSettings(Section):
    """Which language model words the diagnosis. `offline` needs no key and sends nothing."""

    provider: str = Field("offline", description="A name on the provider shelf: offline, azure_openai, openai.")
    model: str = Field("gpt-4o", description="Model or deployment name.")
    temperature: float = Field(0.2, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(2000, gt=0, description="Longest answer, in tokens.")
    endpoint: str = Field("", description="Base URL; from AZURE_OPENAI_ENDPOINT.")
    api_key: SecretStr = Field(SecretStr(""), description="From AZURE_OPENAI_KEY; never written to a file by us.")
    deployment: str = Field("", description="Azure deployment; from AZURE_OPENAI_DEPLOYMENT.")
