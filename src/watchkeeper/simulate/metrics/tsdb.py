"""Samples over time, kept in memory. Appending is a list append; queries work on arrays made when first asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from re import Pattern

import numpy as np
import numpy.typing as npt

from watchkeeper.simulate.ports import MetricSample

Floats = npt.NDArray[np.float64]
LOOKBACK = 300.0
"""Seconds an instant selector looks back, as Prometheus does."""


@dataclass(slots=True, eq=False)
class StoredSeries:
    """One series. A vanished series ends in a stale mark, kept in `stale`."""

    labels: Mapping[str, str]
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    stale: list[bool] = field(default_factory=list)
    _arrays: tuple[Floats, Floats, npt.NDArray[np.bool_]] | None = None

    def append(self, at: float, value: float, stale: bool = False) -> None:
        """A later sample; one for the same moment or an earlier one is dropped."""
        if self.times and at <= self.times[-1]:
            return
        self.times.append(at)
        self.values.append(value)
        self.stale.append(stale)
        self._arrays = None

    def arrays(self) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
        """times, values, stale."""
        if self._arrays is None:
            self._arrays = (np.array(self.times), np.array(self.values, dtype=float), np.array(self.stale, dtype=bool))
        return self._arrays


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """One matcher: equal, or a pattern that must match wholly; `negated` turns it round."""

    name: str
    value: str
    pattern: Pattern[str] | None = None
    negated: bool = False

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """An absent label is the empty string."""
        said = labels.get(self.name, "")
        hit = self.pattern.fullmatch(said) is not None if self.pattern is not None else said == self.value
        return hit != self.negated


class MetricDb:
    """All series by name. Finding is linear in the series of one name."""

    def __init__(self) -> None:
        self._by_name: dict[str, dict[tuple[tuple[str, str], ...], StoredSeries]] = {}
        self._last: dict[str, set[int]] = {}
        self._alive: dict[int, StoredSeries] = {}

    def append(self, at: float, samples: Iterable[MetricSample], origin: str = "world") -> None:
        """One scrape of everything `origin` exposes; what it exposed before and does not now is stale."""
        seen: set[int] = set()
        for sample in samples:
            series = self._series(sample.name, sample.labels)
            series.append(at, sample.value)
            seen.add(id(series))
            self._alive[id(series)] = series
        for gone in self._last.get(origin, set()) - seen:
            self._alive.pop(gone).append(at, float("nan"), stale=True)
        self._last[origin] = seen

    def _series(self, name: str, labels: Mapping[str, str]) -> StoredSeries:
        family = self._by_name.setdefault(name, {})
        key = tuple(sorted(labels.items()))
        found = family.get(key)
        if found is None:
            found = family[key] = StoredSeries({"__name__": name, **{k: v for k, v in key if v != ""}})
        return found

    def find(self, matchers: Sequence[LabelMatch]) -> list[StoredSeries]:
        """Series that every matcher accepts."""
        named = next((m.value for m in matchers if m.name == "__name__" and not m.pattern and not m.negated), None)
        families = [self._by_name.get(named, {})] if named else list(self._by_name.values())
        return [s for family in families for s in family.values() if all(m.accepts(s.labels) for m in matchers)]

    def names(self) -> list[str]:
        """Metric names, sorted."""
        return sorted(self._by_name)
