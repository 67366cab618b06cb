"""Azure AI Search, by its REST API: one document an incident, an exhaustive cosine field. Only ids and vectors are sent."""

import base64
from collections.abc import Sequence
from typing import Any

import httpx

from watchkeeper.domain.errors import ConfigurationError, ModelAnswerInvalid, ModelUnavailable
from watchkeeper.llm.embedding import Floats
from watchkeeper.llm.index import VectorIndex
from watchkeeper.settings import RecallSettings

NAME = "azure_ai_search"
_VERSION = "2024-07-01"
_BATCH = 500
"""Documents in one request; the service takes 1,000."""


class AzureAiSearch:
    """The index is made when the first vector is put, for its dimensions."""

    name = NAME

    def __init__(self, endpoint: str, key: str, index: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.holds, self.embedder = 0, ""
        self._path = f"/indexes/{index}"
        self._made = False
        self._index = index
        self._client = httpx.AsyncClient(
            base_url=endpoint.rstrip("/"), headers={"api-key": key}, params={"api-version": _VERSION}, timeout=15,
            transport=transport, trust_env=False,
        )  # fmt: skip

    async def put(self, vectors: Sequence[tuple[str, Floats]]) -> None:
        """Add or replace, in batches."""
        if vectors and not self._made:
            await self._ask("PUT", self._path, _definition(self._index, len(vectors[0][1])))
            self._made = True
        for at in range(0, len(vectors), _BATCH):
            documents = [
                {"@search.action": "mergeOrUpload", "id": _key(subject), "vector": [float(x) for x in vector]}
                for subject, vector in vectors[at : at + _BATCH]
            ]
            answer = await self._ask("POST", f"{self._path}/docs/index", {"value": documents})
            refused = [row for row in answer.get("value", []) if not row.get("status", True)]
            if refused:
                raise ModelAnswerInvalid(f"Azure AI Search refused {len(refused)} of {len(documents)} documents")

    async def nearest(self, vector: Floats, limit: int) -> list[tuple[str, float]]:
        """The service's score of a cosine c is 1 / (2 - c); told as the cosine."""
        asked = {
            "kind": "vector",
            "vector": [float(x) for x in vector],
            "k": limit,
            "fields": "vector",
            "exhaustive": True,
        }
        answer = await self._ask(
            "POST", f"{self._path}/docs/search", {"vectorQueries": [asked], "select": "id", "top": limit}
        )
        found = []
        for row in answer.get("value", []):
            score = float(row.get("@search.score") or 0.0)
            if isinstance(row.get("id"), str) and score > 0:
                found.append((_subject(row["id"]), 2.0 - 1.0 / score))
        return found

    async def _ask(self, method: str, path: str, body: Any) -> dict[str, Any]:
        try:
            answer = await self._client.request(method, path, json=body)
            if answer.is_error:
                raise ModelUnavailable(f"Azure AI Search says {answer.status_code} to {method} {path}")
            found = answer.json() if answer.content else {}
        except httpx.HTTPError as error:
            raise ModelUnavailable(f"Azure AI Search does not answer: {error}") from None
        except ValueError:
            raise ModelAnswerInvalid("Azure AI Search answers no JSON") from None
        return found if isinstance(found, dict) else {}

    async def clear(self) -> None:
        """Drop the index; it is made again with the next vector."""
        await self._ask("DELETE", self._path, None)
        self.holds, self._made = 0, False

    async def aclose(self) -> None:
        """Give connections back."""
        await self._client.aclose()


def _definition(name: str, dimensions: int) -> dict[str, Any]:
    return {
        "name": name,
        "fields": [
            {"name": "id", "type": "Edm.String", "key": True, "filterable": True},
            {"name": "vector", "type": "Collection(Edm.Single)", "searchable": True, "dimensions": dimensions,
             "vectorSearchProfile": "exact"},
        ],
        "vectorSearch": {
            "algorithms": [{"name": "knn", "kind": "exhaustiveKnn", "exhaustiveKnnParameters": {"metric": "cosine"}}],
            "profiles": [{"name": "exact", "algorithm": "knn"}],
        },
    }  # fmt: skip


def _key(subject: str) -> str:
    """Keys there may hold letters, digits, dashes, underscores and equal signs only."""
    return base64.urlsafe_b64encode(subject.encode()).decode()


def _subject(key: str) -> str:
    try:
        return base64.urlsafe_b64decode(key).decode()
    except ValueError:
        return ""


def build(settings: RecallSettings) -> VectorIndex:
    """From `recall.search_endpoint` and `recall.search_key`. Raises ConfigurationError."""
    key = settings.search_key.get_secret_value()
    if not settings.search_endpoint or not key:
        raise ConfigurationError("recall.index azure_ai_search needs recall.search_endpoint and recall.search_key")
    return AzureAiSearch(settings.search_endpoint, key, settings.search_index)
