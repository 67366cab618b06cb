"""Unusual samples of every series of a set, in the form the data's own scorer reads; each decision sees only the past."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from watchkeeper.bench._folder import Progress, folder_of, write_parquet
from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.fuse import PAGES_PER_METRIC, fused


def run(
    directory: Path | None = None,
    *,
    predictions: Path | None = None,
    indicators: Path | None = None,
    ranges: Path | None = None,
    json_out: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """`predictions`: series, t of each flagged sample. A set with several metrics a series is fused to one answer."""
    folder = folder_of(directory)
    meta, samples = pl.read_parquet(folder / "meta.parquet"), pl.read_parquet(folder / "series.parquet")
    metrics = [c for c in samples.columns if c not in ("series", "t")]
    by_series = samples.partition_by("series", as_dict=True, maintain_order=True)
    rows: list[pl.DataFrame] = []
    began = time.monotonic()
    for number, row in enumerate(meta.iter_rows(named=True), 1):
        one = by_series[(row["series"],)]
        times = one["t"].to_numpy()
        flags = flagged(times, one.select(metrics).to_numpy(), float(row["interval_s"]))
        rows.append(pl.DataFrame({"series": [row["series"]] * int(flags.sum()), "t": times[flags]}))
        progress(number, meta.height)
    figures = {
        "benchmark": "detect", "directory": folder.name, "series": meta.height, "samples": samples.height,
        "flagged": sum(r.height for r in rows), "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip
    write_parquet(predictions, pl.concat(rows))
    if json_out is not None:
        json_out.write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def flagged(times: Any, values: Any, interval: float) -> Any:
    """One answer a sample, for one metric or several of one entity."""
    several = values.shape[1] > 1
    detector = AdaptiveDetector(values.shape[1], interval, PAGES_PER_METRIC if several else 0.1)
    found = np.array([detector.step(float(at), row) for at, row in zip(times, values, strict=True)])
    return fused(found) if several else found[:, 0]
