"""A local sentence-transformer model from a folder you name; the library is only needed where this is chosen."""

import asyncio
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.llm.embedding import Embedder, Floats, normed
from watchkeeper.settings import LlmSettings, RecallSettings


class SentenceTransformer:
    """Nothing is downloaded: the folder must hold the whole model."""

    def __init__(self, model: Any, name: str) -> None:
        self._model = model
        self.name = f"sentence_transformer:{name}"
        self.dimensions = int(model.get_sentence_embedding_dimension())

    async def embed(self, texts: Sequence[str]) -> Floats:
        """In a thread: it computes."""
        rows = await asyncio.to_thread(self._model.encode, list(texts)) if texts else []
        return normed(rows, self.dimensions)

    async def aclose(self) -> None:
        """Nothing to give back."""


def build(recall: RecallSettings, llm: LlmSettings) -> Embedder:
    """From `recall.embedder_path`. Raises ConfigurationError where the folder or the library is missing."""
    folder = Path(recall.embedder_path).expanduser()
    if not recall.embedder_path or not folder.is_dir():
        raise ConfigurationError("recall.embedder_path is not a folder", hint="name the folder of a downloaded model")
    try:
        library = importlib.import_module("sentence_transformers")
    except ImportError:
        hint = "pip install sentence-transformers"
        raise ConfigurationError("sentence_transformer needs its library", hint=hint) from None
    return SentenceTransformer(library.SentenceTransformer(str(folder), local_files_only=True), folder.name)
