"""The same sets as `detect`, by a named model of the shelf: trained on the first quarter of each series, judged on the rest.

Nothing is flagged in the quarter it was trained on, so every decision sees only its past.
"""

import time
from typing import Any

import numpy as np
import polars as pl

from watchkeeper.bench._asked import Asked, write_json, write_parquet
from watchkeeper.detect.fuse import fused
from watchkeeper.detect.model import SHELF, Model, ModelTerms
from watchkeeper.shelf import plugin

_TRAINED = 0.25
_EPISODE = 3600.0
"""Seconds within which flags are one episode: told once."""


def run(asked: Asked) -> dict[str, Any]:
    """`predictions`: series, t of the first sample of each episode. Several metrics a series are fused to one answer."""
    folder, began = asked.folder(), time.monotonic()
    meta, samples = pl.read_parquet(folder / "meta.parquet"), pl.read_parquet(folder / "series.parquet")
    metrics = [c for c in samples.columns if c not in ("series", "t")]
    by_series = samples.partition_by("series", as_dict=True, maintain_order=True)
    intervals = {row["series"]: float(row["interval_s"]) for row in meta.iter_rows(named=True)}
    model: Model = plugin(SHELF, "build", asked.model)(ModelTerms(interval=float(np.median(list(intervals.values())))))
    parts = {name: by_series[(name,)].select(metrics).to_numpy().astype(float) for name in intervals}
    model.fit([v[: int(len(v) * _TRAINED)] for v in parts.values()], lambda done, total: None)
    trained, rows = time.monotonic() - began, []
    for number, (name, values) in enumerate(parts.items(), 1):
        flags = model.flag(values)
        flags[: int(len(values) * _TRAINED)] = False
        one = flags[:, 0] if flags.shape[1] == 1 else fused(flags)
        times = by_series[(name,)]["t"].to_numpy()[episodes(one, max(round(_EPISODE / intervals[name]), 1))]
        rows.append(
            pl.DataFrame({"series": [name] * len(times), "t": times}, schema={"series": pl.String, "t": pl.Int64})
        )
        asked.progress(number, len(parts))
    figures = {
        "benchmark": "detect", "model": asked.model, "directory": folder.name, "series": meta.height,
        "samples": samples.height, "flagged": sum(r.height for r in rows), "seconds_training": round(trained, 2),
        "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip
    write_parquet(asked.predictions, pl.concat(rows))
    write_json(asked.json_out, figures)
    return figures


def episodes(flags: Any, within: int) -> Any:
    """Places of the first flag of each episode."""
    out: list[int] = []
    last = -within - 1
    for place in np.flatnonzero(flags):
        if place - last > within:
            out.append(int(place))
        last = int(place)
    return np.array(out, dtype=int)
