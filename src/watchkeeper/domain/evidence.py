"""What was read about an incident, whichever source it came from.

One shape for live sources, case folders and the body of `POST /api/v1/incidents/analyze`:

* metrics: a tuple of `Series`, named in the vocabulary of docs/reference/signals.md;
* logs: a polars frame with LOG_SCHEMA; spans: a polars frame with SPAN_SCHEMA;
* objects: Kubernetes objects and events as the API sends them;
* changes: releases, edits and whatever people report;
* missing: what could NOT be read, and why. A poorer picture, never a failed diagnosis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.sighting import Sighting
from watchkeeper.domain.topology import Topology, Workload

LOG_SCHEMA = pl.Schema(
    {
        "timestamp": pl.Int64,  # unix milliseconds
        "service": pl.String,
        "level": pl.String,
        "message": pl.String,
        "trace_id": pl.String,
        "span_id": pl.String,
    }
)
SPAN_SCHEMA = pl.Schema(
    {
        "trace_id": pl.String,
        "span_id": pl.String,  # unique within its trace only
        "parent_span_id": pl.String,  # "" at a root, "missing" where the parent was not recorded
        "service": pl.String,
        "operation": pl.String,
        "start_time_us": pl.Int64,  # unix microseconds
        "duration_us": pl.Int64,
        "status": pl.String,  # "", "ok", "error"
    }
)


class Origin(StrEnum):
    """Who wrote a signal. Only the first three are trusted (safety rule 5): a workload cannot forge them."""

    CONTROL_PLANE = "control_plane"  # status fields written by kubelet and controllers, never their messages
    CADVISOR = "cadvisor"
    KUBE_STATE = "kube_state"
    WORKLOAD = "workload"  # application metrics, events, logs, spans, and templates mined from them
    DECLARED = "declared"  # manifests, configuration, what a person typed

    @property
    def trusted(self) -> bool:
        """May it stand as the trusted half of what an automatic repair needs?"""
        return self in (Origin.CONTROL_PLANE, Origin.CADVISOR, Origin.KUBE_STATE)


class Signal(StrEnum):
    """The kinds of telemetry."""

    METRICS = "metrics"
    LOGS = "logs"
    TRACES = "traces"
    KUBERNETES = "kubernetes"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Window:
    """Normal time is [start, onset), suspect time [onset, end]. All aware, UTC."""

    start: datetime
    onset: datetime
    end: datetime

    @classmethod
    def of_unix(cls, start: float, onset: float, end: float) -> "Window":
        """From unix seconds."""
        return cls(*(datetime.fromtimestamp(t, UTC) for t in (start, onset, end)))


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One metric of one service. Gaps are NaN or absent rows; both mean "no data", not zero."""

    service: str
    metric: str
    """A name of the vocabulary: cpu-rate, mem-rate, latency-95, workload, availability, pool-rate, …"""
    times: npt.NDArray[np.float64]
    """unix seconds, ascending"""
    values: npt.NDArray[np.float64]
    origin: Origin = Origin.WORKLOAD
    query: str = ""
    """What was asked of the source, so that a person can ask again."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What tells series of one service and metric apart: pod, pool, peer, queue, node."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something was altered: a rollout, a merge, a configuration edit, a flag, manual work."""

    id: str
    at: datetime
    kind: str
    """release, config, scale, pipeline, flag, manual"""
    service: str
    summary: str
    author: str = ""
    link: str = ""
    origin: Origin = Origin.DECLARED
    details: Mapping[str, str] = field(default_factory=dict)
    """Such as from_image, to_image, revision, previous_revision."""
    repairs: str = ""
    """The incident that this change of our own repairs (or undoes the repair of); "" where it is somebody else's."""

    @property
    def words(self) -> str:
        """What was done, and that it was us."""
        return f"{self.summary} (by Watchkeeper, for {self.repairs})" if self.repairs else self.summary


@dataclass(frozen=True, slots=True)
class Missing:
    """What could not be read. Shown to people beside the diagnosis."""

    signal: Signal
    source: str
    query: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class EvidenceFile:
    """Everything read for one incident. Rooms receive it as a value and never fetch more behind its back."""

    window: Window
    metrics: tuple[Series, ...] = ()
    logs: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LOG_SCHEMA))
    spans: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SPAN_SCHEMA))
    objects: tuple[Mapping[str, Any], ...] = ()
    """Kubernetes objects with `kind` set, events included (kind Event)."""
    changes: tuple[Change, ...] = ()
    topology: Topology = field(default_factory=Topology)
    alerts: tuple[Alert, ...] = ()
    alerting_service: str = ""
    """The service the pager named ("" if none): where it hurts, not where it comes from."""
    also_alerting: frozenset[str] = frozenset()
    """Further services that alerts of the incident name."""
    alerting_metric: str = ""
    """The vocabulary name of the metric the pager named ("" if none)."""
    sightings: tuple[Sighting, ...] = ()
    """What the scanner noted in the window, of any service."""
    workloads: Mapping[str, Workload] = field(default_factory=dict)
    """service -> the one workload behind it; a service that two workloads claim is absent"""
    missing: tuple[Missing, ...] = ()
    incident_id: str = ""
    """Whose evidence this is; "" where it is nobody's yet."""

    def without(self, *signals: Signal) -> "EvidenceFile":
        """The same incident seen with fewer eyes; what was taken away is noted as missing."""
        blank = EvidenceFile(self.window)
        fields = {Signal.METRICS: "metrics", Signal.LOGS: "logs", Signal.TRACES: "spans",
                  Signal.KUBERNETES: "objects", Signal.CHANGES: "changes"}  # fmt: skip
        taken = {fields[s]: getattr(blank, fields[s]) for s in signals}
        notes = tuple(Missing(s, "withheld", "", "not looked at") for s in signals)
        return replace(self, **taken, missing=self.missing + notes)
