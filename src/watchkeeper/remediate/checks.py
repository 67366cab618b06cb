"""What must hold before and after a repair, as data. The verifying step measures, `verify` judges."""

import numpy as np

from watchkeeper.domain.evidence import EvidenceFile, Series
from watchkeeper.domain.remediation import Check
from watchkeeper.domain.topology import Workload

# metric -> (least change that counts, value under which it is well whatever it was before), in the metric's unit
_BANDS = {
    "latency-95": (0.1, 0.0),
    "error-rate": (1.0, 0.0),
    "pool-rate": (10.0, 85.0),
    "cpu-rate": (10.0, 85.0),
    "mem-rate": (10.0, 85.0),
}
FAST_BURN = 14.4
"""How much faster than allowed an error budget of 30 days may be spent: at this rate 2 % of it are gone within an hour."""


def checks_before(workload: Workload) -> tuple[Check, ...]:
    """Looked at again at the moment of use."""
    return (
        Check("unchanged", {}, f"{workload.name} still is what it was when this was planned"),
        Check("firing", {}, "an alert of the incident still fires"),
    )


def checks_after(evidence: EvidenceFile, workload: Workload, objective: float = 99.9) -> tuple[Check, ...]:
    """Positive evidence: pods ready, target scraped, traffic there, symptoms back in the band of before, budget kept.

    `objective`: percent of requests that must succeed.
    """
    name = workload.name
    checks = [
        Check(
            "ready",
            {"kind": workload.kind, "namespace": workload.namespace, "name": name},
            f"every pod of {name} is ready",
        ),
        Check("up", {"service": name}, f"{name} answers its scrapes"),
    ]
    services = dict.fromkeys(s for s in (name, evidence.alerting_service) if s)
    for service in services:
        checks += _traffic(evidence, service)
        for metric in _BANDS:
            checks += _band(evidence, service, metric)
        checks += _burn(evidence, service, objective)
    for expression in dict.fromkeys(a.expression for a in evidence.alerts if a.expression):
        alert = next(a for a in evidence.alerts if a.expression == expression)
        arguments = {"expression": expression, "labels": dict(alert.labels)}
        checks.append(Check("symptom", arguments, f"{alert.name} would not fire any more"))
    return tuple(checks)


def _traffic(evidence: EvidenceFile, service: str) -> list[Check]:
    before = _normal(evidence, service, "workload")
    if before is None or before < 0.05:
        return []
    arguments = {"service": service, "metric": "workload", "before": round(before, 4)}
    return [Check("traffic", arguments, f"{service} serves at least half of its {before:.3g} requests/s of before")]


def _band(evidence: EvidenceFile, service: str, metric: str) -> list[Check]:
    """Only for metrics that left their band: others would make a repair fail for what it is not about."""
    series = _series(evidence, service, metric)
    before, during = _values(evidence, series)
    if len(before) < 3 or len(during) == 0:
        return []
    least, fine = _BANDS[metric]
    high = float(np.quantile(before, 0.99))
    limit = max(high + max(least, 0.25 * abs(high)), fine)
    worst = float(np.quantile(during, 0.9))
    arguments = {"service": service, "metric": metric, "limit": round(limit, 4), "during": round(worst, 4)}
    if worst <= limit:
        arguments["during"] = round(max(limit * 1.5, limit + 2 * least), 4)
        return [Check("guard", arguments, f"{metric} of {service} does not get out of hand")]
    return [Check("band", arguments, f"{metric} of {service} is back under {limit:.3g} (it was {worst:.3g})")]


def _burn(evidence: EvidenceFile, service: str, objective: float) -> list[Check]:
    """Only for a service that keeps its objective in normal times: another cannot show recovery by it."""
    before, during = _values(evidence, _series(evidence, service, "error-rate"))
    limit = FAST_BURN * (100.0 - objective)
    if len(before) < 3 or len(during) == 0 or float(np.quantile(before, 0.99)) > limit:
        return []
    arguments = {"service": service, "metric": "error-rate", "limit": round(limit, 4)}
    return [Check("burn", arguments, f"{service} spends its error budget less than {FAST_BURN:g} times too fast")]


def _series(evidence: EvidenceFile, service: str, metric: str) -> list[Series]:
    return [s for s in evidence.metrics if s.service == service and s.metric == metric]


def _values(evidence: EvidenceFile, series: list[Series]) -> tuple[np.ndarray, np.ndarray]:
    onset = evidence.window.onset.timestamp()
    before = [s.values[(s.times < onset) & np.isfinite(s.values)] for s in series]
    during = [s.values[(s.times >= onset) & np.isfinite(s.values)] for s in series]
    return np.concatenate([*before, np.empty(0)]), np.concatenate([*during, np.empty(0)])


def _normal(evidence: EvidenceFile, service: str, metric: str) -> float | None:
    before, _ = _values(evidence, _series(evidence, service, metric))
    return float(np.median(before)) if len(before) else None
