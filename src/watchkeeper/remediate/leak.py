"""Does memory grow again after each restart? Then a higher limit only buys time. Pure."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from watchkeeper.domain.evidence import EvidenceFile, Series
from watchkeeper.remediate.action import Tried

_METRICS = ("mem", "mem-rate")
_DROP, _RISE = 0.25, 0.25
"""Shares of the series' top: a fall that looks like a restart, and a climb that counts as growth."""
_STEADY = 0.6
"""Share of a stretch's steps that must go up."""
_MITIGATIONS = ("restart", "raise_memory_limit", "requests_and_limits")


def grows_again(evidence: EvidenceFile, service: str) -> bool:
    """Did memory climb steadily in at least two stretches with a restart between them?"""
    found = [s for s in evidence.metrics if s.service == service and s.metric in _METRICS]
    return any(_climbs(s) >= 2 for s in found)


def mitigated_before(tried: Sequence[Tried]) -> str:
    """The action that bought time before, "" if none did."""
    return next((t.action for t in tried if t.action in _MITIGATIONS), "")


def leak_words(evidence: EvidenceFile, service: str, tried: Sequence[Tried]) -> str:
    """Why memory is not raised a second time; "" where it may be."""
    before = mitigated_before(tried)
    if before and grows_again(evidence, service):
        return f"a leak: memory of {service} grows again after each restart, and {before.replace('_', ' ')} was tried; this wants a ticket, not more memory"
    return ""


def _climbs(series: Series) -> int:
    values = series.values[np.isfinite(series.values)]
    if len(values) < 8:
        return 0
    top = float(values.max())
    cuts = [0, *(np.flatnonzero(np.diff(values) < -_DROP * top) + 1), len(values)]
    return sum(_climbing(values[a:b], top) for a, b in pairwise(cuts))


def _climbing(stretch: npt.NDArray[np.float64], top: float) -> bool:
    if len(stretch) < 4 or stretch[-1] - stretch[0] < _RISE * top:
        return False
    return float((np.diff(stretch) > 0).mean()) >= _STEADY
