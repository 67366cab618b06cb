"""What every telemetry source can be asked. One file per source on the shelf `telemetry.sources`.

A source module defines `build(settings, tools) -> Source` where `settings` is its own settings section
(`settings.SourcesSettings.<name>`) and `tools` a `SourceTools`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import polars as pl

from watchkeeper.domain.clock import Clock
from watchkeeper.domain.evidence import Change, Missing, Series, Signal, Window
from watchkeeper.domain.muting import Mute
from watchkeeper.domain.topology import Edge, Workload
from watchkeeper.telemetry.budget import Ledger
from watchkeeper.telemetry.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: a window, the namespaces, and the service that hurts (its neighbours are read too)."""

    window: Window
    namespaces: tuple[str, ...] = ()
    """Empty: all that may be read."""
    service: str = ""
    incident_id: str = ""
    """Whose budget pays."""
    metrics: tuple[str, ...] = ()
    """Only these names of the vocabulary; empty: all."""
    step: float = 0.0
    """Seconds between samples; 0: the source's own setting."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one source gave; every field may be empty. Frames follow domain.evidence LOG_SCHEMA and SPAN_SCHEMA."""

    metrics: tuple[Series, ...] = ()
    logs: pl.DataFrame | None = None
    spans: pl.DataFrame | None = None
    objects: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Change, ...] = ()
    edges: tuple[Edge, ...] = ()
    workloads: tuple[Workload, ...] = ()
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of an instant query. A NaN stays NaN; an absent series gives no sample."""

    labels: Mapping[str, str]
    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Probe:
    """One line of `watchkeeper doctor`."""

    name: str
    ok: bool
    words: str
    hint: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class Source(Protocol):
    """Reads one kind of server. Never raises for an absent signal: that is a `Missing` in the reading."""

    name: str
    signals: frozenset[Signal]

    async def read(self, scope: Scope) -> Reading:
        """Everything this source knows about the scope, within its budget."""
        ...

    async def probe(self) -> list[Probe]:
        """Connection, credentials and permissions, in words."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


@runtime_checkable
class SilenceQueries(Protocol):
    """A source that knows which alerts people silenced."""

    async def silences(self) -> list[Mute]:
        """Those active or pending. Raises SourceError."""
        ...


@runtime_checkable
class MetricQueries(Protocol):
    """A source that answers PromQL; used by verification and by questions."""

    async def instant(self, query: str, at: float | None = None) -> list[Sample]:
        """Samples at a moment (unix seconds, None: now). Raises SourceError."""
        ...

    async def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Series over a span, `service` and `metric` left empty, labels as sent. Raises SourceError."""
        ...

    async def started_at(self) -> float | None:
        """When its process began (unix seconds): what it tells of before may have holes. None: it does not say."""
        ...


@runtime_checkable
class ObjectQueries(Protocol):
    """A source that answers for single live objects; used by planning and by verification."""

    async def get(self, kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        """The object as the API sends it, or None where there is none. Raises SourceError."""
        ...


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a check reads of one cluster."""

    objects: tuple[Mapping[str, Any], ...]
    readable: frozenset[str]
    """kinds that were listed, be it with nothing in them"""
    denied: Mapping[str, str]
    """kind -> why it could not be listed"""


@runtime_checkable
class ClusterQueries(Protocol):
    """A source that lists a whole cluster; used by `watchkeeper check`."""

    async def inventory(self, namespaces: tuple[str, ...] = ()) -> Inventory:
        """Every kind the rules look at; no namespace: all. Raises SourceError where not even pods can be listed."""
        ...


@dataclass(frozen=True, slots=True)
class SourceTools:
    """What a source may use; handed in by app."""

    clock: Clock
    resolver: Resolver
    ledger: Ledger
