"""What every benchmark is asked, and how it writes its answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from watchkeeper.domain.errors import InvalidInput

Progress = Callable[[int, int], object]
"""(done, total)"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the data is and what is to be written where; None: not."""

    directory: Path | None = None
    predictions: Path | None = None
    indicators: Path | None = None
    ranges: Path | None = None
    json_out: Path | None = None
    progress: Progress = lambda done, total: None
    model: str = "adaptive"
    """name on the shelf `detect.models` (detect)"""

    def folder(self) -> Path:
        """The folder of the data. Raises InvalidInput where none was named or it is not there."""
        if self.directory is None or not self.directory.is_dir():
            hint = "name the folder of the data (docs/how-to/benchmarks.md)"
            raise InvalidInput(f"{self.directory or 'no folder'} is not a folder", hint=hint)
        return self.directory


def write_json(path: Path | None, content: Any) -> None:
    """Where a path was asked for."""
    if path is not None:
        path.write_text(json.dumps(content, indent=1) + "\n")


def write_parquet(path: Path | None, table: pl.DataFrame) -> None:
    """Where a path was asked for."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        table.write_parquet(path)
