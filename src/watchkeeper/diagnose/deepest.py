"""Of a chain of services that show the same symptom, the deepest one has it; those above only pass it on."""

from collections.abc import Mapping

from watchkeeper.diagnose.case import Case

_PASSED_ON = 0.5
"""What a symptom counts for a service above another that has it nearly as clearly."""


def own_part(case: Case, strengths: Mapping[str, float]) -> dict[str, float]:
    """service -> strength, less where a service below it shows at least half as much"""
    out = {}
    for service, strength in strengths.items():
        below = max((strengths.get(s, 0.0) for s in case.topology.downstream(service) - {service}), default=0.0)
        out[service] = strength * (1.0 if below < 0.5 * strength else _PASSED_ON)
    return out
