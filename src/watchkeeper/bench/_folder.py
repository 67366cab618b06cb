"""What benchmarks share."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from watchkeeper.domain.errors import InvalidInput

Progress = Callable[[int, int], object]
"""(done, total)"""


def folder_of(directory: Path | None) -> Path:
    """The folder of the data. Raises InvalidInput where none was named or it is not there."""
    if directory is None or not directory.is_dir():
        raise InvalidInput(
            f"{directory or 'no folder'} is not a folder",
            hint="name the folder of the data (docs/how-to/benchmarks.md)",
        )
    return directory


def write_parquet(path: Path | None, table: pl.DataFrame) -> None:
    """Where a path was asked for."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        table.write_parquet(path)
