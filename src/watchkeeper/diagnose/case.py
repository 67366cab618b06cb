"""One incident prepared for thinking: what several analyzers need is computed once. Linear in rows of evidence."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import polars as pl

from watchkeeper.detect.statements import statements
from watchkeeper.diagnose import paths
from watchkeeper.diagnose.owners import service_of_pod
from watchkeeper.domain.diagnosis import EvidenceItem, Finding
from watchkeeper.domain.evidence import EvidenceFile, Origin, Series, Signal
from watchkeeper.domain.topology import Topology

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Shift:
    """How one series of a service changed. `worst` is the suspect row furthest from normal, in `direction`."""

    series: Series
    normal: float
    """median before the onset"""
    spread: float
    """robust standard deviation before the onset, never 0"""
    high: float
    """95th percentile before the onset"""
    low: float
    """5th percentile before the onset"""
    top: float
    """largest value from the onset on"""
    bottom: float
    """smallest value from the onset on"""
    sustained: float
    """second largest value from the onset on, the largest where there are fewer than four: one sample is no trend"""
    newest: float


class Case:
    """The evidence with shared intermediate results, each made when first asked for."""

    def __init__(self, evidence: EvidenceFile) -> None:
        self.evidence = evidence
        self._made: dict[str, Any] = {}
        self.onset = evidence.window.onset.timestamp()

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What several analyzers need and one of them knows how to make."""
        if name not in self._made:
            self._made[name] = make()
        found: Made = self._made[name]
        return found

    @cached_property
    def topology(self) -> Topology:
        """Declared and traced calls."""
        return self.evidence.topology

    @cached_property
    def services(self) -> frozenset[str]:
        """Every service that any signal names."""
        named = {s.service for s in self.evidence.metrics} | set(self.topology.services)
        for frame in (self.evidence.logs, self.evidence.spans):
            if not frame.is_empty():
                named |= set(frame["service"].unique().to_list())
        return frozenset(named - {"", None})

    @cached_property
    def shifts(self) -> dict[str, dict[str, list[Shift]]]:
        """metric -> service -> shifts of its series"""
        out: dict[str, dict[str, list[Shift]]] = defaultdict(lambda: defaultdict(list))
        for series in self.evidence.metrics:
            if (shift := measure(series, self.onset)) is not None:
                out[series.metric][series.service].append(shift)
        return out

    def of(self, *metrics: str) -> dict[str, list[Shift]]:
        """service -> shifts of the first of these metrics that the service has"""
        out: dict[str, list[Shift]] = {}
        for metric in metrics:
            for service, found in self.shifts.get(metric, {}).items():
                out.setdefault(service, found)
        return out

    @cached_property
    def spans(self) -> pl.DataFrame:
        """Spans with `late`: did they start after the onset? Of very many, those of a sample of traces."""
        late = (pl.col("start_time_us") >= int(self.onset * 1e6)).alias("late")
        spans = self.evidence.spans.with_columns(late)
        return spans if self.sample is None else spans.join(self.sample, on="trace_id", how="semi")

    @cached_property
    def sample(self) -> pl.DataFrame | None:
        """trace_id of the traces that are looked at; None: all."""
        side = pl.col("start_time_us") >= int(self.onset * 1e6)
        seen = self.evidence.spans.select("trace_id", "service", side.alias("late"))
        if seen.is_empty():
            side = pl.col("timestamp") >= int(self.onset * 1e3)
            seen = self.evidence.logs.drop_nulls("trace_id").select("trace_id", "service", side.alias("late"))
        return paths.sampled(seen)

    @cached_property
    def children(self) -> pl.DataFrame:
        """One row per span with a known parent: service, operation, duration_us of both (parent's with prefix p_)."""
        parents = self.spans.select(
            "trace_id", pl.col("span_id").alias("parent_span_id"), pl.col("service").alias("p_service"),
            pl.col("operation").alias("p_operation"), pl.col("duration_us").alias("p_duration_us"),
        )  # fmt: skip
        return self.spans.join(parents, on=["trace_id", "parent_span_id"])

    @cached_property
    def statements(self) -> pl.DataFrame:
        """Log lines with `statement` (which wrote the line) and `late`."""
        logs = self.evidence.logs
        if logs.is_empty():
            return logs
        late = (pl.col("timestamp") >= int(self.onset * 1e3)).alias("late")
        logs = logs.with_columns(pl.col("message").fill_null(""), late)
        return logs.with_columns(statements(logs["message"]))

    @cached_property
    def entries(self) -> pl.DataFrame:
        """trace_id, span_id, entry: the span with which the service of a span began to serve the request."""
        return paths.entries(self.spans, self.children)

    @cached_property
    def lost(self) -> pl.DataFrame:
        """What requests no longer do (`paths.losses`), less what only follows from an earlier loss."""
        lines = self.statements if self.sample is None else self.statements.join(self.sample, on="trace_id", how="semi")
        done = paths.events(lines, self.spans, self.children, self.entries)
        return paths.originals(done, paths.losses(done))

    @cached_property
    def telling(self) -> frozenset[str]:
        """Services whose lines say which request wrote them."""
        if self.statements.is_empty():
            return frozenset()
        return frozenset(self.statements.filter(pl.col("trace_id").fill_null("") != "")["service"].unique().to_list())

    @cached_property
    def in_reach(self) -> frozenset[str]:
        """What can be the cause: what the alerting services call, and nodes; all services where the graph knows none of them."""
        named = {self.evidence.alerting_service, *self.evidence.also_alerting} & self.topology.services
        nodes = {
            str((o.get("metadata") or {}).get("name", "")) for o in self.evidence.objects if o.get("kind") == "Node"
        }
        if not named:
            return self.services | nodes | self.shared | self.evidence.workloads.keys()
        reached = {s for service in named for s in self.topology.downstream(service)}
        peers = {s.labels["peer"] for s in self.evidence.metrics if s.service in reached and "peer" in s.labels}
        return frozenset(reached | nodes | peers | self.shared)

    @cached_property
    def shared(self) -> frozenset[str]:
        """Workloads on which every service leans: the cluster's DNS."""
        return frozenset(
            str((o.get("metadata") or {}).get("name", "")) for o in self.evidence.objects
            if o.get("kind") == "Deployment" and ((o.get("metadata") or {}).get("labels") or {}).get("k8s-app") == "kube-dns"
        )  # fmt: skip

    @cached_property
    def hosted(self) -> dict[str, frozenset[str]]:
        """node -> services of which it runs a pod"""
        out: dict[str, set[str]] = defaultdict(set)
        for pod in (o for o in self.evidence.objects if o.get("kind") == "Pod"):
            if node := (pod.get("spec") or {}).get("nodeName"):
                out[str(node)].add(service_of_pod(pod))
        return {node: frozenset(services) for node, services in out.items()}


def measure(series: Series, onset: float) -> Shift | None:
    """Compare a series before and from the onset on; None where either side has no data."""
    finite = np.isfinite(series.values)
    before = series.values[finite & (series.times < onset)]
    suspect = finite & (series.times >= onset)
    during = series.values[suspect]
    if len(before) < 3 or len(during) == 0:
        return None
    normal = float(np.median(before))
    deviation = 1.4826 * float(np.median(np.abs(before - normal)))
    low, high = (float(q) for q in np.quantile(before, [0.05, 0.95]))
    spread = max(deviation, (high - low) / 3.3, 1e-3 * abs(normal), 1e-9)
    ordered = np.sort(during)
    sustained = float(ordered[-2] if len(ordered) > 3 else ordered[-1])
    return Shift(series, normal, spread, high, low, float(ordered[-1]), float(ordered[0]), sustained, float(during[-1]))


def finding(
    analyzer: str,
    kind: str,
    service: str,
    indicator: str,
    strength: float,
    summary: str,
    *,
    signal: Signal,
    origin: Origin = Origin.WORKLOAD,
    **facts: object,
) -> Finding:
    """A finding with one evidence item that says the same; its id is given when the diagnosis is put together."""
    item = EvidenceItem("", signal, service, summary, origin, metric=indicator, **facts)  # type: ignore[arg-type]
    return Finding(analyzer, kind, service, indicator, min(max(strength, 0.0), 1.0), summary, (item,))


def strongest(findings: Iterable[Finding], least: float = 0.05) -> list[Finding]:
    """Those worth telling, strongest first."""
    return sorted((f for f in findings if f.strength >= least), key=lambda f: -f.strength)
