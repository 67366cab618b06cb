"""Findings to ranked hypotheses: causes above victims, each with what it explains. Pure."""

from collections import defaultdict
from collections.abc import Sequence

from watchkeeper.diagnose.case import Case
from watchkeeper.domain.diagnosis import Finding, Hypothesis

_SYMPTOMS = ("latency", "errors", "code")
_LEAST = 0.12
"""Score below which nothing is claimed."""


def rank(case: Case, findings: Sequence[Finding], limit: int = 10) -> list[Hypothesis]:
    """Best first. The strongest finding of a service names its kind; others corroborate it with diminishing weight."""
    by_service: dict[str, list[Finding]] = defaultdict(list)
    for f in findings:
        by_service[f.service].append(f)
    scored = {s: _score(case, s, found) for s, found in by_service.items()}
    order = sorted(scored, key=lambda s: (-scored[s], s))[:limit]
    return [_hypothesis(case, s, scored, by_service[s], by_service) for s in order if scored[s] > 0]


def _score(case: Case, service: str, findings: Sequence[Finding]) -> float:
    ordered = sorted((f.strength for f in findings), reverse=True)
    base = sum(strength * 0.35**n for n, strength in enumerate(ordered))
    return base if service in case.in_reach else 0.2 * base


def _hypothesis(
    case: Case,
    service: str,
    scored: dict[str, float],
    findings: list[Finding],
    everyone: dict[str, list[Finding]],
) -> Hypothesis:
    ordered = sorted(findings, key=lambda f: -f.strength)
    first = _naming(ordered)
    ordered = [first, *(f for f in ordered if f is not first)]
    explains = sorted((case.topology.upstream(service) - {service}) & everyone.keys())
    return Hypothesis(
        service=service,
        kind=first.kind,
        indicator=first.indicator,
        score=scored[service],
        confidence=_confidence(scored[service], scored),
        findings=tuple(ordered),
        explains=tuple(explains),
    )


def _naming(ordered: Sequence[Finding]) -> Finding:
    """The strongest finding that names a mechanism; a mere symptom (slow, failing, cut short) only without one.

    A starved process answers late on the wire too, so time lost between services comes after a resource that ran out.
    """
    strong = [f for f in ordered if f.strength >= 0.5 * ordered[0].strength]
    return min(strong, key=lambda f: 2 if f.kind in _SYMPTOMS else 1 if f.kind == "network" else 0)


def _confidence(score: float, scored: dict[str, float]) -> float:
    """Grows with the score itself and with its lead over the others."""
    others = sorted(scored.values(), reverse=True)
    rival = others[1] if len(others) > 1 and others[0] == score else others[0]
    lead = score / (score + rival) if score + rival > 0 else 0.0
    return round(min(score, 1.0) * lead**0.5 if score >= others[0] else min(score, 1.0) * lead * 0.6, 3)


def too_thin(hypotheses: Sequence[Hypothesis]) -> bool:
    """Is there nothing worth claiming?"""
    return not hypotheses or hypotheses[0].score < _LEAST
