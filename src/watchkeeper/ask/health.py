"""Is a measurement within its usual range? One rule a signal, told with both numbers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from watchkeeper.ask.curve import Curve

LATELY = 120.0
"""Seconds that count as now."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One signal of one service, now against its usual."""

    service: str
    signal: str
    now: float
    usual: float | None
    bad: bool


_RULES: dict[str, Callable[[float, float | None], bool]] = {
    "latency-95": lambda now, usual: usual is not None and now > max(1.5 * usual, usual + 0.02),
    "errors": lambda now, usual: now >= 1 and (usual is None or now > 2 * usual),
    "traffic": lambda now, usual: usual is not None and usual > 0.1 and now < 0.5 * usual,
    "cpu-rate": lambda now, usual: now >= 90,
    "mem-rate": lambda now, usual: now >= 90,
    "pool-rate": lambda now, usual: now >= 90,
    "cpu-throttled": lambda now, usual: now >= 25,
}
JUDGED = tuple(_RULES)
"""Signals there is a rule for; others are judged against half as much again as usual."""


def judge(service: str, signal: str, curve: Curve, now: float) -> Judged | None:
    """None without a recent sample."""
    lately = curve.between(now - LATELY, now)
    if lately.empty:
        return None
    before = curve.between(0, now - LATELY)
    usual = float(np.median(before.values)) if len(before.values) >= 5 else None
    value = float(np.median(lately.values))
    rule = _RULES.get(signal, _half_as_much_again)
    return Judged(service, signal, value, usual, rule(value, usual))


def judge_span(service: str, signal: str, curve: Curve, start: float, end: float) -> Judged | None:
    """The worst two minutes of a past time against the hour before it: out of its usual range if they are. None without a sample."""
    before = curve.between(start - 3600, start)
    usual = float(np.median(before.values)) if len(before.values) >= 5 else None
    rule = _RULES.get(signal, _half_as_much_again)
    worst: Judged | None = None
    for at in np.arange(start, max(end - LATELY, start) + 1, LATELY):
        part = curve.between(at, at + LATELY)
        if part.empty:
            continue
        value = float(np.median(part.values))
        found = Judged(service, signal, value, usual, rule(value, usual))
        further = worst is None or abs(value - (usual or 0)) > abs(worst.now - (usual or 0))
        if worst is None or (found.bad, further) > (worst.bad, False):
            worst = found
    return worst


def _half_as_much_again(now: float, usual: float | None) -> bool:
    return usual is not None and now > 1.5 * usual and now - usual > 1e-9
