"""How much of the cluster each signal knows: names that match workloads, and names that match none or two. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.domain.evidence import Signal
from watchkeeper.telemetry.port import Reading


@dataclass(frozen=True, slots=True)
class Coverage:
    """One signal's share of the workloads."""

    signal: Signal
    matched: int
    workloads: int
    unmatched: tuple[str, ...]
    """names the signal uses that no workload has"""

    def __str__(self) -> str:
        rest = f"; unmatched: {', '.join(self.unmatched[:8])}" if self.unmatched else ""
        return f"{self.signal} {self.matched}/{self.workloads}{rest}"


def coverage(readings: Sequence[Reading]) -> list[Coverage]:
    """Per signal, the workloads that it names. Nothing where no workload is known."""
    workloads = {w.name for r in readings for w in r.workloads}
    named: dict[Signal, set[str]] = {Signal.METRICS: set(), Signal.LOGS: set(), Signal.TRACES: set()}
    for reading in readings:
        named[Signal.METRICS] |= {s.service for s in reading.metrics}
        for signal, frame in ((Signal.LOGS, reading.logs), (Signal.TRACES, reading.spans)):
            if frame is not None:
                named[signal] |= set(frame["service"].unique().to_list())
    if not workloads:
        return []
    return [
        Coverage(signal, len(names & workloads), len(workloads), tuple(sorted(names - workloads - {""})))
        for signal, names in named.items()
    ]


def claimed_twice(readings: Sequence[Reading]) -> list[str]:
    """Names that two workloads have: reported, never guessed, never acted on."""
    found = {w for r in readings for w in r.workloads}
    counts = Counter(w.name for w in found)
    return [
        f"{name}: {', '.join(sorted(str(w) for w in found if w.name == name))}"
        for name, n in sorted(counts.items())
        if n > 1
    ]
