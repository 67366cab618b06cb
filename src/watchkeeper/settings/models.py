"""Language models."""

from pydantic import Field, SecretStr

from watchkeeper.settings.section import Section


class LlmCaps(Section):
    """Hard caps, shared by all replicas and reserved before each call; 0: none."""

    tokens_per_incident: int = Field(
        40_000, ge=0, description="Tokens for one incident, questions and answers together."
    )
    tokens_per_day: int = Field(1_000_000, ge=0, description="Tokens a day (UTC).")
    tokens_per_month: int = Field(10_000_000, ge=0, description="Tokens a month (UTC).")
    cost_per_incident: float = Field(0, ge=0, description="Cost of one incident, in the currency of the prices.")
    cost_per_day: float = Field(0, ge=0, description="Cost a day (UTC).")
    cost_per_month: float = Field(0, ge=0, description="Cost a month (UTC).")


class LlmSettings(Section):
    """Which language model words the diagnosis. `offline` needs no key and sends nothing."""

    provider: str = Field("offline", description="A name on the provider shelf: offline, azure_openai, openai.")
    model: str = Field("gpt-4o", description="Model or deployment name.")
    temperature: float = Field(0.2, ge=0, le=2, description="Sampling temperature.")
    max_tokens: int = Field(2000, gt=0, description="Longest answer, in tokens.")
    endpoint: str = Field("", description="Base URL; from AZURE_OPENAI_ENDPOINT.")
    api_key: SecretStr = Field(SecretStr(""), description="From AZURE_OPENAI_KEY; never written to a file by us.")
    deployment: str = Field("", description="Azure deployment; from AZURE_OPENAI_DEPLOYMENT.")
    api_version: str = Field("2024-10-21", description="Version of Azure's API.")
    timeout_seconds: float = Field(30, gt=0, description="Longest wait for one answer.")
    context_tokens: int = Field(6000, ge=500, description="Most that is sent in one question, in tokens.")
    rounds: int = Field(
        2, ge=1, le=5, description="Questions to the model for one look at an incident, further evidence included."
    )
    reads_questions: bool = Field(
        False, description="May the model read questions that the grammar does not understand?"
    )
    input_price: float = Field(0, ge=0, description="Price of a million tokens sent, for the cost caps.")
    output_price: float = Field(0, ge=0, description="Price of a million tokens received, for the cost caps.")
    caps: LlmCaps = LlmCaps()
