"""Azure OpenAI: AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_KEY, AZURE_OPENAI_DEPLOYMENT."""

import httpx

from watchkeeper.domain.clock import Clock
from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.llm.chat_model import ChatModel
from watchkeeper.llm.port import Model
from watchkeeper.settings import LlmSettings


def build(settings: LlmSettings, clock: Clock) -> Model:
    """Nothing is sent before the first question."""
    if not settings.endpoint or not settings.api_key.get_secret_value():
        raise ConfigurationError(
            "llm.provider azure_openai needs llm.endpoint and llm.api_key",
            hint="set AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_KEY",
        )
    from langchain_openai import AzureChatOpenAI

    client = httpx.AsyncClient(timeout=settings.timeout_seconds)
    chat = AzureChatOpenAI(
        azure_endpoint=settings.endpoint, api_key=settings.api_key, azure_deployment=settings.deployment or settings.model,
        api_version=settings.api_version, temperature=settings.temperature, timeout=settings.timeout_seconds, max_retries=0, http_async_client=client,
    )  # fmt: skip
    return ChatModel(chat, "azure.ai.openai", settings, client)
