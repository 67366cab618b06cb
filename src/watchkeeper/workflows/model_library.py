"""Trained models in a folder: a version each, with a card; the file `current` names the one in use, and is changed at once.

models/isolation_forest/20260301T030000Z/card.json, rows.npz
models/isolation_forest/current
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from watchkeeper.detect.model import SHELF, Model, ModelTerms
from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin

_KEPT = 5
"""Versions that stay; older ones go."""


@dataclass(frozen=True, slots=True)
class Library:
    """The versions of one kind of model."""

    folder: Path
    kind: str

    def add(self, model: Model, card: Mapping[str, Any], at: datetime) -> str:
        """Write it whole under another name, then show it; its version. It is not in use yet.

        Raises ConfigurationError where the folder takes no more (a full disk); nothing of it is left then.
        """
        version = f"{at:%Y%m%dT%H%M%SZ}"
        making, made = self.folder / f".{version}", self.folder / version
        try:
            making.mkdir(parents=True, exist_ok=True)
            model.save(making)
            words = json.dumps({"version": version, "model": self.kind, **card}, indent=1)
            (making / "card.json").write_text(words + "\n")
            os.replace(making, made)
        except OSError as error:
            shutil.rmtree(making, ignore_errors=True)
            hint = "make room there; the model in use stays in use"
            raise ConfigurationError(
                f"the model cannot be kept in {self.folder}: {error.strerror}", hint=hint
            ) from None
        return version

    def promote(self, version: str) -> None:
        """Use it from now on; the oldest versions go."""
        pointer = self.folder / ".current"
        pointer.write_text(version + "\n")
        os.replace(pointer, self.folder / "current")
        for old in self.versions()[:-_KEPT]:
            if old != version:
                for path in (self.folder / old).iterdir():
                    path.unlink()
                (self.folder / old).rmdir()

    def current(self) -> str:
        """The version in use, "" where none was promoted."""
        pointer = self.folder / "current"
        return pointer.read_text().strip() if pointer.is_file() else ""

    def versions(self) -> list[str]:
        """Oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(
            p.name for p in self.folder.iterdir() if (p / "card.json").is_file() and not p.name.startswith(".")
        )

    def card(self, version: str) -> dict[str, Any]:
        """What was written of it."""
        return dict(json.loads((self.folder / version / "card.json").read_text()))

    def load(self, version: str, terms: ModelTerms) -> Model:
        """The model. Raises ConfigurationError where its folder cannot be read."""
        return _loaded(self.folder / version, self.kind, terms)


@lru_cache(maxsize=4)
def _loaded(folder: Path, kind: str, terms: ModelTerms) -> Model:
    model: Model = plugin(SHELF, "build", kind)(terms)
    try:
        model.load(folder)
    except (OSError, KeyError, ValueError) as error:
        hint = "train it anew: watchkeeper train"
        raise ConfigurationError(f"the model in {folder} cannot be read: {error}", hint=hint) from None
    return model


def library(settings: Settings, kind: str = "") -> Library:
    """Where the settings put it; `kind`: the configured model's."""
    rules = settings.anomaly_detection
    folder = Path(rules.models_dir) if rules.models_dir else Path(settings.store.data_dir) / "models"
    kind = (kind or rules.model_type).replace("-", "_")
    return Library(folder / kind, kind)


def terms(settings: Settings) -> ModelTerms:
    """What the settings tell a model."""
    rules = settings.anomaly_detection
    return ModelTerms(rules.scan_seconds, rules.contamination)
