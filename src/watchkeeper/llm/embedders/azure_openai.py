"""Embeddings of an Azure OpenAI deployment; texts are redacted before they leave."""

from collections.abc import Sequence

from pydantic import SecretStr

from watchkeeper.domain.errors import ConfigurationError, ModelUnavailable
from watchkeeper.domain.redaction import redact
from watchkeeper.llm.embedding import Embedder, Floats, normed
from watchkeeper.settings import LlmSettings, RecallSettings

_VERSION = "2024-10-21"
_DIMENSIONS = 1536
_LONGEST = 8000
"""Characters of a text that are sent."""


class AzureOpenAi:
    """Asked in batches by the client library; a failure is a ModelUnavailable, and callers go on without."""

    def __init__(self, deployment: str, endpoint: str, key: str) -> None:
        from langchain_openai import AzureOpenAIEmbeddings

        self.name = f"azure_openai:{deployment}"
        self.dimensions = _DIMENSIONS
        self._client = AzureOpenAIEmbeddings(
            deployment=deployment, azure_endpoint=endpoint, openai_api_key=SecretStr(key), openai_api_version=_VERSION,
            dimensions=_DIMENSIONS, max_retries=2, request_timeout=15, check_embedding_ctx_length=False,
        )  # fmt: skip

    async def embed(self, texts: Sequence[str]) -> Floats:
        """Raises ModelUnavailable."""
        from openai import OpenAIError

        try:
            rows = await self._client.aembed_documents([redact(t[:_LONGEST]) for t in texts]) if texts else []
        except OpenAIError as error:
            raise ModelUnavailable(f"no embeddings: {error}") from None
        return normed(rows, self.dimensions)

    async def aclose(self) -> None:
        """The library keeps its connections for the process."""


def build(recall: RecallSettings, llm: LlmSettings) -> Embedder:
    """From `recall.embedding_deployment` and the endpoint and key of `llm`. Raises ConfigurationError."""
    key = llm.api_key.get_secret_value()
    if not llm.endpoint or not key:
        raise ConfigurationError("recall.embedder azure_openai needs llm.endpoint and llm.api_key")
    return AzureOpenAi(recall.embedding_deployment, llm.endpoint, key)
