"""Storms of alerts with known truth: fault windows of labelled incidents end to end, rules applied to their metrics, noise between.

The truth: what starts in a fault's window on the system that has the fault is of the fault; noise is made. Labels are opened for one thing only: to pick faults that have no call path between them.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.topology import Topology

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
SLOT = timedelta(minutes=60)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires where a column leaves its normal level by `sigma`, and its worst normal value by a share of the level."""

    name: str
    metric: str
    share: float
    least: float
    severity: str = "warning"
    down: bool = False
    sigma: float = 6.0


RULES = (
    Rule("LatencyP90High", "latency-90", 0.2, 0.02),
    Rule("LatencyP95High", "latency-95", 0.2, 0.03),
    Rule("LatencyP99High", "latency-99", 0.2, 0.05),
    Rule("CallsLatencyP95High", "client-latency-95", 0.2, 0.03),
    Rule("CallsLatencyP99High", "client-latency-99", 0.2, 0.05),
    Rule("CpuHigh", "cpu-rate", 0.3, 5.0),
    Rule("MemoryHigh", "mem-rate", 0.3, 10.0),
    Rule("LatencyMeanHigh", "latency", 0.2, 0.05),
    Rule("AvailabilityLow", "availability", 0.005, 0.5, "critical", down=True),
)


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert from firing to resolved, in minutes after its fault began; `truth` names the fault."""

    name: str
    service: str
    severity: str
    starts: float
    ends: float
    value: float


@dataclass(frozen=True, slots=True)
class Fault:
    """One labelled case: what the rules say in its window."""

    case: str
    system: str
    root: str
    calls: Topology
    episodes: tuple[Episode, ...]


@dataclass(slots=True)
class Storm:
    """Posts as a Prometheus sends them: each firing alert every minute, and once when it is over."""

    name: str
    double: bool
    calls: Topology
    truth: dict[tuple[str, datetime], str] = field(default_factory=dict)
    """(fingerprint, start) -> fault or piece of noise"""
    faults: dict[str, datetime] = field(default_factory=dict)
    """fault -> its first alert"""
    posts: defaultdict[datetime, list[Alert]] = field(default_factory=lambda: defaultdict(list))
    alerts: dict[tuple[str, datetime], Alert] = field(default_factory=dict)
    ends: dict[tuple[str, datetime], datetime] = field(default_factory=dict)

    def add(self, truth: str, episode: Episode, at: datetime, namespace: str = "prod", **labels: str) -> None:
        """One episode; one that fires already for another fault stays that fault's."""
        starts, ends = at + episode.starts * MINUTE, at + episode.ends * MINUTE
        said = {"alertname": episode.name, "namespace": namespace, "severity": episode.severity, **labels}
        if episode.service:
            said["service"] = episode.service
        print_ = f"{episode.name}/{episode.service}/{sorted(labels.items())}"
        if any(f == print_ and s < ends and starts < self.ends[(f, s)] for f, s in self.truth):
            return
        key = (print_, starts)
        notes = {"summary": f"{episode.name} of {episode.service or 'a host'}: {episode.value:.3g}"}
        firing = Alert("alertmanager", print_, AlertStatus.FIRING, episode.name, said, notes, starts, None, starts)
        self.truth[key], self.alerts[key], self.ends[key] = truth, firing, ends
        if not truth.startswith("noise"):
            self.faults[truth] = min(self.faults.get(truth, starts), starts)
        moment = starts
        while moment < ends:
            self.posts[moment].append(firing)
            moment += MINUTE
        self.posts[ends].append(
            Alert("alertmanager", print_, AlertStatus.RESOLVED, episode.name, said, notes, starts, ends, ends)
        )

    @property
    def raw(self) -> int:
        """Posts."""
        return sum(len(p) for p in self.posts.values())


def faults_of(folder: Path) -> Iterator[Fault]:
    """Every case of every set under the folder that has a metric table."""
    for system in sorted(p for p in folder.iterdir() if (p / "labels.json").exists()):
        for case in sorted(p for p in system.iterdir() if (p / "metrics.csv.gz").exists()):
            root = json.loads((case / "case.json").read_text()).get("root_cause_service", "")
            yield Fault(case.name, system.name, root, _calls(case), _episodes(case))


def _calls(case: Path) -> Topology:
    """Who calls whom: declared, or from traces of the time before the fault."""
    if (case / "topology.csv").exists():
        table = pl.read_csv(case / "topology.csv")
        return Topology.of(zip(table["caller"], table["callee"], strict=True))
    if not (case / "traces.parquet").exists():
        return Topology()
    inject = int((case / "inject_time.txt").read_text()) * 1_000_000
    spans = pl.scan_parquet(case / "traces.parquet").filter(pl.col("start_time_us") < inject)
    spans = spans.select("trace_id", "span_id", "parent_span_id", "service")
    pairs = (
        spans.join(spans, left_on=["trace_id", "parent_span_id"], right_on=["trace_id", "span_id"], suffix="_of_parent")
        .select(pl.col("service_of_parent"), pl.col("service")).unique().collect()
    )  # fmt: skip
    return Topology.of(pairs.iter_rows())


def _episodes(case: Path) -> tuple[Episode, ...]:
    table = pl.read_csv(case / "metrics.csv.gz", infer_schema_length=None)
    inject = int((case / "inject_time.txt").read_text())
    times = table["time"].to_numpy()
    minutes = (times - inject) / 60
    step = float(np.median(np.diff(minutes)))
    begin = int(np.searchsorted(times, inject))
    out: list[Episode] = []
    for rule in RULES:
        for column in table.columns:
            service, _, metric = column.rpartition("_")
            if metric == rule.metric and service:
                values = table[column].cast(pl.Float64, strict=False).to_numpy()
                out += _fired(rule, service, values, minutes, begin, step)
    return tuple(sorted(out, key=lambda e: (e.starts, e.name, e.service)))


def _fired(rule: Rule, service: str, values: np.ndarray, minutes: np.ndarray, begin: int, step: float) -> list[Episode]:
    low = max(0, begin - 1)
    normal = values[:low][np.isfinite(values[:low])]
    if len(normal) < 5:
        return []
    level, sign = float(np.median(normal)), -1.0 if rule.down else 1.0
    spread = 1.4826 * float(np.median(np.abs(normal - level)))
    record = float(np.max(sign * (normal - level)))
    off = sign * (values - level) > max(rule.sigma * spread, rule.share * abs(level) + record, rule.least)
    out, at = list[Episode](), None
    for n in range(low, len(values) + 1):
        firing = n < len(values) and bool(off[n])
        if firing and at is None:
            at = n
        elif not firing and at is not None:
            ends = float(minutes[n]) if n < len(values) else float(minutes[-1]) + step
            severity = "critical" if service == "entrypoint" else rule.severity
            out.append(Episode(rule.name, service, severity, float(minutes[at]), ends, float(values[at])))
            at = None
    return out


def storms(faults: Sequence[Fault], seed: int = 7) -> list[Storm]:
    """Every case is in one storm at least; every second storm holds two unrelated faults within five minutes."""
    dice = random.Random(seed)
    cases = [f for f in faults if f.episodes]
    dice.shuffle(cases)
    out = []
    for number in range(0, len(cases), 4):
        chosen = cases[number : number + 4]
        double = (number // 4) % 2 == 0
        calls = Topology()
        for fault in chosen:
            calls = calls.merged(fault.calls)
        storm = Storm(f"storm-{number // 4 + 1:02d}", double, calls)
        for slot, fault in enumerate(chosen):
            start = BEGIN + slot * SLOT + timedelta(minutes=20)
            _lay(storm, fault, start)
            other = _unrelated(fault, cases, dice) if double and slot % 2 == 0 else None
            if other is not None:
                storm.calls = storm.calls.merged(other.calls)
                _lay(storm, other, start + dice.choice((2, 3, 4, 5)) * MINUTE)
        _noise(storm, len(chosen), dice)
        out.append(storm)
    return out


def _unrelated(fault: Fault, cases: Sequence[Fault], dice: random.Random) -> Fault | None:
    """Another fault without a call path between the two: of another system, or of the same one elsewhere."""
    calls = fault.calls
    far = [
        c for c in cases
        if c.system != fault.system or (
            c.root != fault.root and calls.services >= {c.root, fault.root}
            and not calls.downstream(c.root) & calls.downstream(fault.root)
        )
    ]  # fmt: skip
    same = [c for c in far if c.system == fault.system]
    pool = same if same and dice.random() < 0.5 else [c for c in far if c.system != fault.system]
    return dice.choice(pool) if pool else None


def _lay(storm: Storm, fault: Fault, start: datetime) -> None:
    name = f"{fault.case}@{start:%H:%M}"
    for episode in fault.episodes:
        storm.add(name, episode, start)


def _noise(storm: Storm, slots: int, dice: random.Random) -> None:
    """Alerts that nothing relates: a flapping one, jobs, certificates, disks."""
    hours = slots * SLOT
    flap = dice.randrange(0, 30)
    for n in range(12):
        storm.add(
            "noise-flapping",
            Episode("QueueLag", "nightly-report", "warning", flap + 6 * n, flap + 6 * n + 3, 1.0),
            BEGIN,
        )
    for n in range(4):
        at = dice.uniform(0, hours / MINUTE - 20)
        what = dice.choice(("CertificateExpiresSoon", "DiskFillsUp", "BackupMissed", "NtpDrift"))
        whole = float(int(at))
        storm.add(
            f"noise-{n}",
            Episode(what, "", "warning", whole, whole + dice.randrange(20, 60), 1.0),
            BEGIN,
            "platform",
            host=f"box-{n}",
        )
