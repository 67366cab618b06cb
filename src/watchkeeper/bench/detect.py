"""Unusual samples of every series of a set, in the form the data's own scorer reads; each decision sees only the past."""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from watchkeeper.bench._asked import Asked, write_json, write_parquet
from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.fuse import Together


def run(asked: Asked) -> dict[str, Any]:
    """`predictions`: series, t of each flagged sample. A set with several metrics a series is fused to one answer."""
    folder = asked.folder()
    meta, samples = pl.read_parquet(folder / "meta.parquet"), pl.read_parquet(folder / "series.parquet")
    metrics = [c for c in samples.columns if c not in ("series", "t")]
    by_series = samples.partition_by("series", as_dict=True, maintain_order=True)
    # Series of one length and interval are stepped together: the detector is vectorised over series, not over time.
    alike: dict[tuple[int, float], list[str]] = defaultdict(list)
    for row in meta.iter_rows(named=True):
        alike[by_series[(row["series"],)].height, float(row["interval_s"])].append(row["series"])
    rows: list[pl.DataFrame] = []
    began, done = time.monotonic(), 0
    for (_, interval), names in alike.items():
        frames = [by_series[(name,)] for name in names]
        times = np.stack([f["t"].to_numpy() for f in frames], axis=1)
        values = np.stack([f.select(metrics).to_numpy() for f in frames], axis=1)
        flags = flagged(times, values, interval)
        rows += [
            pl.DataFrame({"series": [name] * int(flags[:, n].sum()), "t": times[flags[:, n], n]})
            for n, name in enumerate(names)
        ]
        done += len(names)
        asked.progress(done, meta.height)
    figures = {
        "benchmark": "detect", "directory": folder.name, "series": meta.height, "samples": samples.height,
        "flagged": sum(r.height for r in rows), "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip
    write_parquet(asked.predictions, pl.concat(rows))
    write_json(asked.json_out, figures)
    return figures


def flagged(times: Any, values: Any, interval: float) -> Any:
    """times[sample, series], values[sample, series, metric] to flags[sample, series]; several metrics are fused."""
    samples, series, metrics = values.shape
    detector = AdaptiveDetector(series * metrics, interval)
    fuses = [Together(np.zeros(metrics, int)) for _ in range(series)]
    each = np.repeat(times, metrics, axis=1)
    found = np.zeros((samples, series), bool)
    for n, (at, row) in enumerate(zip(each, values.reshape(samples, series * metrics), strict=True)):
        flags = detector.step(at, row)
        found[n] = flags if metrics == 1 else _together(fuses, times[n], detector)
    return found


def _together(fuses: Sequence[Together], times: Any, detector: AdaptiveDetector) -> Any:
    surprise, shift = (a.reshape(len(fuses), -1) for a in (detector.surprise, detector.shift))
    return [fuse.step(float(times[n]), surprise[n], shift[n])[0] for n, fuse in enumerate(fuses)]
