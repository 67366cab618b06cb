"""An incident's diagnosis to what it looked like, in words that mean the same in another service and another year."""

import re
from collections.abc import Iterable, Iterator, Sequence

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Hypothesis
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.memory import Situation, Symptom, Told
from watchkeeper.domain.redaction import redact
from watchkeeper.domain.topology import Topology

_MOST_CAUSES, _MOST_TEXTS, _LONGEST_TEXT = 5, 20, 300
_SAME = 0.05
"""Relative difference below which a number did not move."""
_SHARED = 3
"""Callers from which a service counts as shared."""
_SUMMARY = 0.3
"""What an alert's own sentence counts beside the lines of the first cause: it tells where it hurts, not why."""
_PERCENTILE = re.compile(r"-(?:rate|\d+)$")


def situation_of(
    incident: Incident, alerts: Sequence[Alert], diagnosis: Diagnosis | None, topology: Topology
) -> Situation:
    """Pure. Without a diagnosis only the alerts speak."""
    causes = list(diagnosis.hypotheses[:_MOST_CAUSES]) if diagnosis else []
    total = sum(max(h.score, 0.0) for h in causes) or 1.0
    shares = [max(h.score, 0.0) / total for h in causes]
    kinds: dict[str, float] = {}
    for h, share in zip(causes, shares, strict=True):
        kinds[h.kind] = kinds.get(h.kind, 0.0) + share
    weighed = list(_weighed(causes, shares))
    return Situation(
        title=redact(incident.title), service=incident.service, alerts=tuple(sorted({a.name for a in alerts})), kinds=kinds,
        symptoms=tuple(_symptoms(incident.service, weighed, topology)), texts=tuple(_texts(weighed, alerts)),
        services=tuple(dict.fromkeys(h.service for h in causes)),
        roles=tuple(roles_of(causes[0].service, incident.service, topology)) if causes else (),
        changes=tuple(sorted({c.kind for c in diagnosis.changes})) if diagnosis else (),
    )  # fmt: skip


def _weighed(causes: Sequence[Hypothesis], shares: Sequence[float]) -> Iterator[tuple[EvidenceItem, float]]:
    """Each item once, with the belief in the best cause it speaks for, relative to the first cause."""
    seen: set[str] = set()
    first = shares[0] if shares and shares[0] else 1.0
    for h, share in zip(causes, shares, strict=True):
        for item in h.evidence:
            if item.id not in seen:
                seen.add(item.id)
                yield item, round(share / first, 3)


def role_of(service: str, hurt: str, topology: Topology) -> str:
    """A service's place, seen from the one that hurts: itself, callee, deep (further callees), caller, other."""
    if service == hurt:
        return "itself"
    if service in topology.callees.get(hurt, ()):
        return "callee"
    if service in topology.downstream(hurt):
        return "deep"
    return "caller" if service in topology.upstream(hurt) else "other"


def roles_of(service: str, hurt: str, topology: Topology) -> list[str]:
    """The same, with what it is in the graph as a whole: entry, leaf, shared."""
    callers, callees = topology.callers.get(service, frozenset()), topology.callees.get(service, frozenset())
    found = [role_of(service, hurt, topology)]
    if service in topology.services:
        found += ["entry"] * (not callers) + ["leaf"] * (not callees) + ["shared"] * (len(callers) >= _SHARED)
    return found


def family(metric: str) -> str:
    """latency-95 and latency-50 are one family; cpu-rate is cpu."""
    return _PERCENTILE.sub("", metric)


def _symptoms(hurt: str, weighed: Iterable[tuple[EvidenceItem, float]], topology: Topology) -> Iterable[Symptom]:
    seen: dict[tuple[str, str, str], float] = {}
    for item, weight in weighed:
        if item.metric:
            key = (role_of(item.service, hurt, topology), family(item.metric), _direction(item))
            seen[key] = max(seen.get(key, 0.0), weight)
    return [Symptom(*key, value) for key, value in seen.items()]


def _direction(item: EvidenceItem) -> str:
    if item.before is None or item.during is None:
        return ""
    moved = item.during - item.before
    if abs(moved) <= _SAME * max(abs(item.before), abs(item.during)):
        return ""
    return "up" if moved > 0 else "down"


def _texts(weighed: Iterable[tuple[EvidenceItem, float]], alerts: Sequence[Alert]) -> list[Told]:
    told = [(e.excerpt, w) for e, w in weighed if e.excerpt] + [(a.summary, _SUMMARY) for a in alerts]
    unique: dict[str, float] = {}
    for text, weight in told:
        unique.setdefault(redact(text[:_LONGEST_TEXT]), weight)
    return [Told(text, weight) for text, weight in list(unique.items())[:_MOST_TEXTS]]
