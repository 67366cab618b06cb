"""Findings to ranked hypotheses: causes above victims, each with what it explains. Pure."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from watchkeeper.diagnose.case import Case
from watchkeeper.diagnose.impact import passes_on, surged
from watchkeeper.domain.diagnosis import Finding, Hypothesis

_BASE, _BY_LEAD = 0.86, 4.2
"""Logistic fit of being right by the lead over the runner-up (benchmarks/calibration.py)."""
_THIN = 0.4
"""Score below which the evidence is thin, whatever its lead."""
_VICTIM = 0.35
"""What the findings of a service count that only passes on the slowness of what it calls."""
_RESOURCES = ("cpu", "memory", "pool_exhausted", "queue_backlog")
_VAGUE = {"network": 1, "code": 2, "latency": 3, "errors": 3}
"""Kinds that say less about the mechanism than others, and how much less."""
_CONTROL_PLANE, _BROKEN = ("cluster_state", "node"), 0.8
"""The analyzers that tell the control plane's own words, and the strength from which they mean that something is off."""
_LEAST = 0.12
"""Score below which nothing is claimed."""


def rank(case: Case, findings: Sequence[Finding], limit: int = 10) -> list[Hypothesis]:
    """Best first. The strongest finding of a service names its kind; others corroborate it with diminishing weight."""
    by_service: dict[str, list[Finding]] = defaultdict(list)
    for f in (_overload(case, f) for f in findings):
        by_service[f.service].append(f)
    victims = passes_on(case)
    scored = {s: _score(case, s, found) for s, found in by_service.items()}
    for victim in sorted(victims & scored.keys()):
        # Never above the one it waits for, however early it is and however little that one shows yet.
        below = max((scored[c] for c in case.topology.callees.get(victim, ()) if c in scored), default=0.0)
        scored[victim] = min(_VICTIM * scored[victim], 0.9 * below if below >= _LEAST else scored[victim])
    _behind_broken(case, scored, by_service)
    order = sorted(scored, key=lambda s: (-scored[s], s))[:limit]
    return [_hypothesis(case, s, scored, by_service[s], by_service) for s in order if scored[s] > 0]


def _behind_broken(case: Case, scored: dict[str, float], findings: dict[str, list[Finding]]) -> None:
    """Who leans on what the control plane calls broken, and shows nothing but errors and waiting, is its victim."""
    broken = {
        s: scored[s] for s, found in findings.items()
        if any(f.analyzer in _CONTROL_PLANE and f.strength >= _BROKEN for f in found) and s in case.in_reach
    }  # fmt: skip
    for service, score in broken.items():
        for victim in _leaning(case, service) & scored.keys() - broken.keys():
            if _naming(sorted(findings[victim], key=lambda f: -f.strength)).kind in _VAGUE:
                scored[victim] = min(scored[victim], 0.7 * score)


def _leaning(case: Case, name: str) -> frozenset[str]:
    """Who calls a service, runs on a node, or (of the cluster's DNS) everybody."""
    if name in case.shared:
        return case.services
    direct = case.hosted.get(name, frozenset())
    above = {s for service in direct | {name} for s in case.topology.upstream(service)}
    return frozenset(above | direct) - {name}


def _overload(case: Case, f: Finding) -> Finding:
    """A resource that ran out under far more requests than ever before is no fault of the service."""
    return replace(f, kind="overload") if f.kind in _RESOURCES and surged(case, f.service) else f


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
    return min(strong, key=lambda f: _VAGUE.get(f.kind, 0))


def _confidence(score: float, scored: dict[str, float]) -> float:
    """How often a first-ranked cause with this lead was right on labelled incidents (docs/explanation/how-causes-are-ranked.md);
    less where the evidence itself is thin. What is left is shared among the others."""
    others = sorted(scored.values(), reverse=True)
    rival = others[1] if len(others) > 1 else 0.0
    right = 1 / (1 + math.exp(-(_BASE + _BY_LEAD * min(others[0] - rival, 1.0)))) * min(others[0] / _THIN, 1.0)
    return round(right if score >= others[0] else (1 - right) * score / sum(others), 3)


def too_thin(hypotheses: Sequence[Hypothesis]) -> bool:
    """Is there nothing worth claiming?"""
    return not hypotheses or hypotheses[0].score < _LEAST
