"""A recorded incident in a folder (docs/reference/case-folder.md). Labels are never opened."""

import asyncio
import json
from pathlib import Path

import numpy as np
import polars as pl

from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.evidence import LOG_SCHEMA, SPAN_SCHEMA, EvidenceFile, Missing, Series, Signal, Window
from watchkeeper.domain.topology import Edge
from watchkeeper.settings import CaseFolderSource
from watchkeeper.telemetry.assemble import assemble
from watchkeeper.telemetry.port import Probe, Reading, Scope, Source, SourceTools

NAME = "case_folder"


def load(path: Path) -> EvidenceFile:
    """The whole case as evidence. Raises InvalidInput where the folder is not a case."""
    window, reading = read_folder(path)
    service, metric = _alert(path)
    return assemble(window, [reading], (), service, metric)


def read_folder(path: Path) -> tuple[Window, Reading]:
    """The window and everything in the folder; an absent file is a Missing."""
    onset = _onset(path)
    metrics = _metrics(path)
    logs = _table(path / "logs.parquet", LOG_SCHEMA)
    spans = _table(path / "traces.parquet", SPAN_SCHEMA)
    present = {Signal.METRICS: bool(metrics), Signal.LOGS: logs is not None, Signal.TRACES: spans is not None}
    files = {Signal.METRICS: "metrics.csv", Signal.LOGS: "logs.parquet", Signal.TRACES: "traces.parquet"}
    missing = tuple(Missing(s, NAME, files[s], "not recorded") for s, there in present.items() if not there)
    reading = Reading(metrics=metrics, logs=logs, spans=spans, edges=_edges(path), missing=missing)
    return _window(onset, reading), reading


def _onset(path: Path) -> float:
    try:
        return float((path / "inject_time.txt").read_text().strip())
    except (OSError, ValueError):
        hint = "a case folder holds inject_time.txt with unix seconds (docs/reference/case-folder.md)"
        raise InvalidInput(f"{path} is not a case folder", field="inject_time.txt", hint=hint) from None


def _metrics(path: Path) -> tuple[Series, ...]:
    file = next((f for f in (path / "metrics.csv.gz", path / "metrics.csv") if f.exists()), None)
    if file is None:
        return ()
    table = pl.read_csv(file, infer_schema=False)
    times = table["time"].cast(pl.Float64).to_numpy()
    out = []
    for column in table.columns:
        service, _, metric = column.rpartition("_")
        if column == "time" or not service:
            continue
        values = table[column].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
        if np.isfinite(values).any():
            out.append(Series(service, metric, times, values, query=column))
    return tuple(out)


def _table(file: Path, schema: pl.Schema) -> pl.DataFrame | None:
    if not file.exists():
        return None
    table = pl.read_parquet(file)
    absent = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in table.columns]
    return table.with_columns(absent).select(schema.names()).cast(schema, strict=False)


def _edges(path: Path) -> tuple[Edge, ...]:
    file = path / "topology.csv"
    if not file.exists():
        return ()
    table = pl.read_csv(file, infer_schema=False).select("caller", "callee")
    return tuple(Edge(a, b, "declared") for a, b in table.iter_rows() if a and b)


def _alert(path: Path) -> tuple[str, str]:
    file = path / "alert.json"
    if not file.exists():
        return "", ""
    said = json.loads(file.read_text())
    return str(said.get("service", "")), str(said.get("metric", ""))


def _window(onset: float, reading: Reading) -> Window:
    ends = [(float(s.times[0]), float(s.times[-1])) for s in reading.metrics[:1] if len(s.times)]
    for frame, column, unit in ((reading.logs, "timestamp", 1e3), (reading.spans, "start_time_us", 1e6)):
        if frame is not None and not frame.is_empty():
            ends.append((float(frame[column].min()) / unit, float(frame[column].max()) / unit))  # type: ignore[arg-type]
    start = min((a for a, _ in ends), default=onset)
    return Window.of_unix(min(start, onset), onset, max((b for _, b in ends), default=onset))


class CaseFolder:
    """A source that always answers with the same recorded incident."""

    name = NAME
    signals = frozenset({Signal.METRICS, Signal.LOGS, Signal.TRACES})

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self, scope: Scope) -> Reading:
        """The folder's content, whatever the scope."""
        return (await asyncio.to_thread(read_folder, self._path))[1]

    async def probe(self) -> list[Probe]:
        """Is it a case folder?"""
        try:
            _onset(self._path)
        except InvalidInput as error:
            return [Probe(NAME, False, str(error), error.hint)]
        return [Probe(NAME, True, f"recorded incident in {self._path}")]

    async def close(self) -> None:
        """Nothing to give back."""


def build(settings: CaseFolderSource, tools: SourceTools) -> Source:
    """From `sources.case_folder`."""
    return CaseFolder(Path(settings.path))
