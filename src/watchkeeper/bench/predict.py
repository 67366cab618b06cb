"""Warnings before a limit is crossed, in the form the data's own scorer reads."""

import time
from typing import Any

import polars as pl

from watchkeeper.bench._asked import Asked, write_json, write_parquet
from watchkeeper.detect.crossing import crossings


def run(asked: Asked) -> dict[str, Any]:
    """`predictions`: series, t of each warning; `ranges`: series, t, lo, hi (unix seconds, 80 %)."""
    folder = asked.folder()
    meta, samples = pl.read_parquet(folder / "meta.parquet"), pl.read_parquet(folder / "series.parquet")
    by_series = samples.partition_by("series", as_dict=True, maintain_order=True)
    rows: list[tuple[str, int, float, float]] = []
    began = time.monotonic()
    for number, row in enumerate(meta.iter_rows(named=True), 1):
        one = by_series[(row["series"],)]
        times = one["t"].to_numpy()
        found = crossings(one["value"].to_numpy(), float(row["threshold"]), float(row["interval_s"]))
        for place in found.warned.nonzero()[0]:
            at = int(times[place])
            rows.append((row["series"], at, at + float(found.earliest[place]), at + float(found.latest[place])))
        asked.progress(number, meta.height)
    figures = {
        "benchmark": "predict", "directory": folder.name, "series": meta.height, "samples": samples.height,
        "warnings": len(rows), "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip
    told = pl.DataFrame(
        rows, schema={"series": pl.String, "t": pl.Int64, "lo": pl.Float64, "hi": pl.Float64}, orient="row"
    )
    write_parquet(asked.predictions, told.select("series", "t"))
    write_parquet(asked.ranges, told)
    write_json(asked.json_out, figures)
    return figures
