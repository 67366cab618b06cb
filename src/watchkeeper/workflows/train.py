"""Train a model on what Prometheus remembers, try it against the current one, and use it only where it is not worse."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.detect.backtest import Scores, back_test, not_worse
from watchkeeper.detect.model import SHELF, Model, ModelTerms, Progress
from watchkeeper.detect.watch import SeriesKey
from watchkeeper.domain.errors import InvalidInput, SourceUnavailable
from watchkeeper.shelf import plugin
from watchkeeper.telemetry.port import Source
from watchkeeper.workflows.house import House
from watchkeeper.workflows.model_library import Library, library, terms
from watchkeeper.workflows.scan import metrics_source, read_series

_HELD = 0.25
"""Part of the history, its newest, that models are tried on and never trained on."""
_CHUNK = 6 * 3600.0
_LEAST = 240
"""Samples below which nothing can be learnt."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it."""

    kind: str
    version: str
    card: Mapping[str, Any]
    promoted: bool
    because: str


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """values[sample, series] on a grid of `step` seconds from `begin` (unix)."""

    keys: tuple[SeriesKey, ...]
    values: npt.NDArray[np.float32]
    begin: float
    step: float

    @property
    def times(self) -> npt.NDArray[Any]:
        """Unix seconds of the samples."""
        return self.begin + self.step * np.arange(len(self.values))


async def train(
    house: House, kind: str = "", hours: float = 0.0, progress: Progress = lambda done, total: None
) -> Trained:
    """`kind`: a name on the shelf of models, "" for the configured one; `hours` of history, 0: the setting's.

    Raises SourceUnavailable without a source of metrics, InvalidInput with too little history.
    """
    rules = house.settings.anomaly_detection
    now = house.clock.now().timestamp()
    end = math.floor(now / rules.scan_seconds) * rules.scan_seconds
    read = await read_range(house, end - (hours or rules.history_hours) * 3600, end)
    books = library(house.settings, kind)
    return await asyncio.to_thread(_train, books, terms(house.settings), read, house.clock.now(), progress)


async def read_range(house: House, begin: float, end: float) -> Range:
    """Every watched series between two moments, pods joined. Raises SourceUnavailable, InvalidInput where there is nothing."""
    source: Source | None = metrics_source(house)
    if source is None:
        raise SourceUnavailable(
            "no source of metrics is configured", hint="set sources.prometheus.url (or PROMETHEUS_URL)"
        )
    step, parts = house.settings.anomaly_detection.scan_seconds, []
    begin = math.floor(begin / step) * step
    at = begin
    while at <= end:
        stop = min(at + _CHUNK, end)
        parts.append((round((stop - at) / step) + 1, await read_series(source, at, stop, step)))
        at = stop + step
    keys = tuple(sorted({key for _, found in parts for key in found}))
    if not keys:
        raise InvalidInput(
            "Prometheus has no series of the vocabulary in this range", hint="see docs/reference/signals.md"
        )
    rows = [
        np.stack([found.get(k, np.full(slots, np.nan, np.float32)) for k in keys], axis=1) for slots, found in parts
    ]
    return Range(keys, np.concatenate(rows), begin, step)


def _train(books: Library, asked: ModelTerms, read: Range, at: datetime, progress: Progress) -> Trained:
    split = int(len(read.values) * (1 - _HELD))
    if split < _LEAST:
        raise InvalidInput(f"{len(read.values)} samples are too few to train on", hint="ask for more hours, or wait")
    before, held = read.values[:split].astype(float), read.values[split:].astype(float)
    model: Model = plugin(SHELF, "build", books.kind)(asked)
    model.fit([before], progress)
    mine = back_test(model, before, held, read.step, asked.seed)
    current = books.current()
    theirs = back_test(books.load(current, asked), before, held, read.step, asked.seed) if current else None
    promoted = not_worse(mine, theirs)
    because = _because(mine, theirs, current)
    card = {
        "trained_at": at.isoformat(timespec="seconds"), "from": _iso(read.begin), "until": _iso(read.begin + read.step * split),
        "held_back_until": _iso(float(read.times[-1])), "interval_seconds": read.step, "series": len(read.keys),
        "services": len({(k.namespace, k.service) for k in read.keys}), "contamination": asked.contamination,
        "scores": mine.to_json(), "tried_against": {"version": current, "scores": theirs.to_json()} if theirs else None,
        "promoted": promoted, "because": because,
    }  # fmt: skip
    version = books.add(model, card, at)
    if promoted:
        books.promote(version)
    return Trained(books.kind, version, card, promoted, because)


def _because(mine: Scores, theirs: Scores | None, current: str) -> str:
    if theirs is None:
        return "it is the first"
    word = "not worse than" if not_worse(mine, theirs) else "worse than"
    return f"F1 {mine.f1:.3f} on held-back history is {word} {theirs.f1:.3f} of {current}"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
