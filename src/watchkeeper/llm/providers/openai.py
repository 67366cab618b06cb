"""OpenAI, or any server that speaks its chat protocol (vLLM, Ollama): `llm.endpoint` names it; local ones need no key."""

import httpx
from pydantic import SecretStr

from watchkeeper.domain.clock import Clock
from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.llm.chat_model import ChatModel
from watchkeeper.llm.port import Model
from watchkeeper.settings import LlmSettings

_DUMMY = SecretStr("not-needed")
"""Local servers want some key and look at none."""


def build(settings: LlmSettings, clock: Clock) -> Model:
    """Nothing is sent before the first question."""
    key = settings.api_key if settings.api_key.get_secret_value() else _DUMMY
    if not settings.endpoint and key is _DUMMY:
        raise ConfigurationError("llm.provider openai needs llm.api_key, or llm.endpoint of a server of your own")
    from langchain_openai import ChatOpenAI

    client = httpx.AsyncClient(timeout=settings.timeout_seconds)
    chat = ChatOpenAI(
        base_url=settings.endpoint or None, api_key=key, model=settings.model, temperature=settings.temperature,
        timeout=settings.timeout_seconds, max_retries=0, http_async_client=client, stream_usage=False,
    )  # fmt: skip
    return ChatModel(chat, "openai", settings, client)
