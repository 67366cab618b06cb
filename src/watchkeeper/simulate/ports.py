"""How the parts of the simulated world meet.

The cluster (objects and controllers) knows nothing of load; the engine (queueing model) knows nothing of
Kubernetes. The world owns both, ticks them, and appends what they show to the three telemetry stores, which
the simulated Prometheus, Loki and Tempo answer from. All times are unix seconds of the world's clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Container:
    """What the cluster tells the engine of a container it starts. One container a pod."""

    namespace: str
    pod: str
    uid: str
    node: str
    name: str
    """The container's name; by convention the workload's."""
    owner: str
    """The workload's name (Deployment, StatefulSet, or the bare pod's own)."""
    image: str
    labels: Mapping[str, str]
    env: Mapping[str, str]
    args: tuple[str, ...]
    cpu_request: float
    """cores"""
    cpu_limit: float | None
    memory_request: float
    """bytes"""
    memory_limit: float | None
    attempt: int = 0
    """How many times this container was started before."""


@dataclass(frozen=True, slots=True)
class Exit:
    """Why a container ended."""

    reason: str
    """OOMKilled, Error, Completed"""
    code: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a container uses now."""

    cpu: float
    """cores"""
    memory: float
    """bytes, working set"""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line a container wrote."""

    at: float
    namespace: str
    service: str
    pod: str
    container: str
    level: str
    text: str
    trace_id: str = ""
    span_id: str = ""
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """One span. `kind` is server, client, internal, producer or consumer; `error` sets its status."""

    trace_id: str
    """32 hexadecimal digits, leading zeros allowed"""
    span_id: str
    """16 hexadecimal digits"""
    parent_id: str
    service: str
    name: str
    kind: str
    start: float
    duration: float
    """seconds"""
    error: bool = False
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    resource: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetricSample:
    """One sample as a scrape gives it. `labels` include what the scrape adds (job, instance, namespace, …)."""

    name: str
    labels: Mapping[str, str]
    value: float


class Runtime(Protocol):
    """The cluster's view of what happens inside containers; the engine implements it."""

    def start(self, container: Container, now: float) -> None:
        """A container begins."""
        ...

    def stop(self, uid: str, now: float) -> None:
        """A container is taken away (deleted, evicted, restarted)."""
        ...

    def ready(self, uid: str, now: float) -> bool:
        """Would its readiness probe pass?"""
        ...

    def exited(self, uid: str, now: float) -> Exit | None:
        """Did it end by itself since it was started?"""
        ...

    def usage(self, uid: str) -> Usage:
        """For the metrics API (`kubectl top`)."""
        ...

    def logs(self, uid: str, *, previous: bool = False) -> list[LogLine]:
        """What it wrote, oldest first; `previous`: before its last restart."""
        ...

    def can_pull(self, image: str) -> bool:
        """Does the image exist in the world's registry?"""
        ...


class Cluster(Protocol):
    """Objects and controllers; `simulate.cluster` implements it. Objects are JSON as the API sends them."""

    def apply(self, manifest: Mapping[str, Any], *, manager: str, now: float) -> dict[str, Any]:
        """Create or update (server-side apply, forced)."""
        ...

    def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """One object; namespace "" for cluster-scoped kinds."""
        ...

    def find(self, kind: str, namespace: str = "", labels: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """All of a kind; namespace "" for every namespace."""
        ...

    def delete(self, kind: str, namespace: str, name: str, *, now: float) -> None:
        """Remove it and, by the controllers, what it owns."""
        ...

    def reconcile(self, now: float) -> None:
        """One round of every controller: rollouts, scheduling, container starts and exits, endpoints, events."""
        ...

    def samples(self, now: float) -> Iterable[MetricSample]:
        """kube-state-metrics' view of the objects (kube_*), with job and instance labels."""
        ...


class MetricStore(Protocol):
    """`simulate.metrics.tsdb` implements it."""

    def append(self, at: float, samples: Iterable[MetricSample]) -> None:
        """One scrape. A series absent from its target's next scrape is stale from then on."""
        ...


class LogStore(Protocol):
    """`simulate.logs.store` implements it."""

    def append(self, lines: Iterable[LogLine]) -> None:
        """Lines in any order."""
        ...


class SpanStore(Protocol):
    """`simulate.traces.store` implements it."""

    def append(self, spans: Iterable[Span]) -> None:
        """Spans in any order."""
        ...
