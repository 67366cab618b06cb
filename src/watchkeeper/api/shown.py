"""Domain values as the API's JSON."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.evidence import Change
from watchkeeper.domain.incident import Incident, IncidentEvent
from watchkeeper.domain.remediation import AutoApproved, Denied, NeedsApproval, Verdict
from watchkeeper.estate.manifests import unified_diff
from watchkeeper.store.port import PlanRecord, StoredAlert
from watchkeeper.store.ports.conversation import Exchange

_OF_INCIDENT = tuple(Incident.__dataclass_fields__)


def incident(value: Incident) -> dict[str, Any]:
    """Times in ISO 8601. Not by `asdict`, whose deep copies take longer than the database."""
    said = ((name, getattr(value, name)) for name in _OF_INCIDENT)
    return {name: v.isoformat() if isinstance(v, datetime) else v for name, v in said}


def event(value: IncidentEvent) -> dict[str, Any]:
    """One line of the timeline."""
    return {
        "id": value.id,
        "incident_id": value.incident_id,
        "at": value.at.isoformat(),
        "kind": value.kind,
        "text": value.text,
        "data": value.data,
    }


def alert(stored: StoredAlert) -> dict[str, Any]:
    """An alert with where it went."""
    a = stored.alert
    return {
        "source": a.source, "fingerprint": a.fingerprint, "status": a.status, "name": a.name, "labels": dict(a.labels),
        "annotations": dict(a.annotations), "starts_at": a.starts_at.isoformat(), "incident_id": stored.incident_id, "because": stored.because,
    }  # fmt: skip


def change(value: Change) -> dict[str, Any]:
    """Something that was altered."""
    return {
        "id": value.id, "at": value.at.isoformat(), "kind": value.kind, "service": value.service, "summary": value.summary,
        "author": value.author, "link": value.link, "origin": value.origin,
        "repairs": value.repairs,
    }  # fmt: skip


def exchange(value: Exchange) -> dict[str, Any]:
    """A question about an incident with its answer."""
    return {
        "at": value.at.isoformat(), "by": value.by, "door": value.door, "query": value.question, "response": value.text,
        "data": dict(value.data), "picture": value.picture, "links": [{"title": t, "url": u} for t, u in value.links],
        "nearest": list(value.nearest),
    }  # fmt: skip


def diagnosis(value: Diagnosis | None) -> dict[str, Any] | None:
    """Causes, sentences, evidence, and what could not be seen."""
    if value is None:
        return None
    evidence = [{**asdict(e), "at": e.at.isoformat() if e.at else None} for e in value.evidence]
    causes = [
        {"service": h.service, "kind": h.kind, "indicator": h.indicator, "confidence": h.confidence, "score": h.score,
         "explains": list(h.explains), "evidence": [e.id for e in h.evidence]}
        for h in value.hypotheses
    ]  # fmt: skip
    return {
        "root_cause": value.root_cause, "abstained": value.abstained, "abstained_because": value.abstained_because, "model": value.model,
        "sentences": [asdict(s) for s in value.sentences], "hypotheses": causes, "evidence": evidence, "missing": [asdict(m) for m in value.missing],
        "changes": [change(c) for c in value.changes],
    }  # fmt: skip


def verdict(value: Verdict) -> dict[str, Any]:
    """auto, ask or denied, with reasons."""
    word = {AutoApproved: "auto", NeedsApproval: "ask", Denied: "denied"}[type(value)]
    return {"verdict": word, "because": list(value.because)}


def plan(record: PlanRecord) -> dict[str, Any]:
    """A plan, what policy said, how far it got, and its diff."""
    p = record.plan
    return {
        "id": p.id, "incident_id": p.incident_id, "action": p.action, "target": str(p.target), "state": record.state, "digest": p.digest,
        "because": p.because, "risk": p.risk, "confidence": p.confidence, "blast_radius": asdict(p.blast_radius),
        "arguments": dict(p.arguments), "fields": [asdict(f) for f in p.fields], "diff": "".join(unified_diff(e) for e in p.edits),
        "checks": [c.words for c in p.checks_after], "undo": p.undo_words, "manual_commands": list(p.manual_commands),
        "created_at": p.created_at.isoformat(), "expires_at": p.expires_at.isoformat(), "facts": dict(record.facts), **verdict(record.verdict),
    }  # fmt: skip
