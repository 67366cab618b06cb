"""How much of the users' trouble can a service account for? Weighed by the requests it serves."""

from collections.abc import Mapping

import numpy as np

from watchkeeper.diagnose.case import Case

_OTHER_SYMPTOM = 0.4
"""What a finding of the symptom the pager did not name still counts."""


def loads(case: Case) -> Mapping[str, float]:
    """service -> requests it serves from the onset on (median, in the unit of its source)"""
    out: dict[str, float] = {}
    for series in case.evidence.metrics:
        if series.metric == "workload":
            during = series.values[(series.times >= case.onset) & np.isfinite(series.values)]
            if len(during):
                out[series.service] = out.get(series.service, 0.0) + float(np.median(during))
    return out


def own_share(case: Case, extra: Mapping[str, float]) -> dict[str, float]:
    """service -> its extra less that of the worst service below it, where something is left"""
    out = {}
    for service, amount in extra.items():
        below = max((extra.get(c, 0.0) for c in case.topology.downstream(service) - {service}), default=0.0)
        if amount > max(below, 0.0):
            out[service] = amount - max(below, 0.0)
    return out


def relative(case: Case, own: Mapping[str, float]) -> dict[str, float]:
    """service -> its amount as a share of the largest among those that can be the cause"""
    largest = max((amount for service, amount in own.items() if service in case.in_reach), default=0.0)
    return {service: min(amount / largest, 1.0) if largest > 0 else 0.0 for service, amount in own.items()}


def steered(case: Case, *metrics: str) -> float:
    """1 where the pager named a metric of this family or none, less where it named another."""
    named = case.evidence.alerting_metric
    return 1.0 if not named or named.startswith(metrics) else _OTHER_SYMPTOM
