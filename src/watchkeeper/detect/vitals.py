"""What of a workload is watched: which way harms, how much matters, and which signals are one and the same complaint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Vital:
    """One metric of the vocabulary."""

    metric: str
    group: str
    """signals of one group are one witness: latency-50 and latency-95 do not confirm each other"""
    harm: int
    """+1: more is worse, -1: less is worse"""
    share: float
    """of the usual value that a departure must have"""
    least: float
    """in the metric's unit that a departure must have"""
    symptom: bool = False
    """do users feel it? causes alone wake nobody"""
    by_traffic: bool = False
    """is it made of requests, so that few requests make it noise?"""
    joined: str = "max"
    """how the pods of a workload become one series: max, min or sum"""
    limit: float = float("nan")
    """a hard limit from above"""
    counter: bool = False
    """it only grows: its rise over a quarter of an hour is watched"""


VITALS: Sequence[Vital] = (
    Vital("workload", "traffic", -1, 0.6, 0.0, symptom=True, by_traffic=True, joined="sum"),
    Vital("error-rate", "errors", +1, 1.0, 1.0, symptom=True, by_traffic=True),
    Vital("latency-50", "latency", +1, 0.5, 0.01, symptom=True, by_traffic=True),
    Vital("latency-95", "latency", +1, 0.5, 0.02, symptom=True, by_traffic=True),
    Vital("client-latency-95", "calls", +1, 0.5, 0.02, by_traffic=True),
    Vital("client-error-rate", "calls", +1, 1.0, 1.0, by_traffic=True),
    Vital("cpu", "cpu", +1, 0.5, 50.0, joined="sum"),
    Vital("cpu-rate", "cpu", +1, 0.3, 15.0),
    Vital("cpu-throttled", "cpu", +1, 0.5, 10.0),
    Vital("mem-rate", "memory", +1, 0.1, 10.0, limit=100.0),
    Vital("pool-rate", "pool", +1, 0.3, 20.0, limit=100.0),
    Vital("pool-timeouts", "pool", +1, 1.0, 0.1, joined="sum"),
    Vital("queue", "queue", +1, 1.0, 50.0, joined="sum"),
    Vital("disk-rate", "disk", +1, 0.1, 10.0, limit=100.0),
    Vital("restarts", "pods", +1, 0.0, 2.0, joined="sum", counter=True),
    Vital("replicas-ready", "pods", -1, 0.3, 1.0, joined="sum"),
)
"""A small departure is no story however improbable it is: a release may make everything a fifth slower."""

BY_NAME: Mapping[str, Vital] = MappingProxyType({v.metric: v for v in VITALS})
WATCHED: tuple[str, ...] = tuple(v.metric for v in VITALS)
