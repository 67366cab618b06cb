"""How bad is it? A pure rule over the alert's label, what users feel, and the environment."""

import numpy as np

from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.evidence import EvidenceFile
from watchkeeper.domain.severity import Severity

_ERROR_POINTS = 5.0
"""Percentage points of failing requests at the entry from which users feel it."""
_LATENCY_FACTOR = 3.0
_LATENCY_SECONDS = 0.5
_QUIET = ("development", "dev", "test", "sandbox")


def assess(alert: Severity, diagnosis: Diagnosis, evidence: EvidenceFile, environment: str) -> Severity:
    """The alert's severity, raised to high where users feel it; never raised where nobody lives."""
    if environment.lower() in _QUIET or not users_feel_it(evidence):
        return alert
    return min(alert, Severity.HIGH, key=lambda s: s.rank)


def users_feel_it(evidence: EvidenceFile) -> bool:
    """Does a service that nobody of ours calls (an entry) answer with more errors, or far more slowly?"""
    topology = evidence.topology
    entries = {s for s in topology.services if not topology.callers.get(s)} or {evidence.alerting_service}
    onset = evidence.window.onset.timestamp()
    for series in evidence.metrics:
        if series.service not in entries:
            continue
        before = series.values[(series.times < onset) & np.isfinite(series.values)]
        during = series.values[(series.times >= onset) & np.isfinite(series.values)]
        if len(before) and len(during) and _felt(series.metric, float(np.median(before)), before, during):
            return True
    return False


def _felt(metric: str, normal: float, before: np.ndarray, during: np.ndarray) -> bool:
    if metric == "error-rate":
        return bool(during.max() > before.max() + _ERROR_POINTS)
    if metric == "availability":
        return bool(during.min() < before.min() - _ERROR_POINTS)
    if metric.startswith("latency"):
        return bool(during.max() > max(_LATENCY_FACTOR * normal, before.max() + _LATENCY_SECONDS))
    return False
