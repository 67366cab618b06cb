"""Incidents, plans and decisions."""

from typing import Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from watchkeeper.api import shown
from watchkeeper.api.doorkeeper import Approver, Responder, TheHouse, Viewer
from watchkeeper.api.evidence_body import AnalyzeBody, evidence_of
from watchkeeper.api.knowledge import shown_article, shown_similar
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.faults import FAULTS
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.remediation import Decision
from watchkeeper.domain.severity import Severity
from watchkeeper.workflows.analyze import analyze
from watchkeeper.workflows.close_incident import close_incident
from watchkeeper.workflows.decide import decide
from watchkeeper.workflows.knowledge import runbooks_for
from watchkeeper.workflows.remember import similar
from watchkeeper.workflows.take_over import hand_back, take_over

router = APIRouter(prefix="/api/v1", tags=["incidents"])


class Analysis(BaseModel):
    """The specification's answer."""

    incident_id: str
    root_cause: str
    severity: str
    confidence: float
    recommended_fix: dict[str, Any]
    generated_code: str


@router.post("/incidents/analyze")
async def analyze_incident(body: AnalyzeBody, house: TheHouse, who: Responder) -> Analysis:
    """Diagnose evidence that you send. Nothing is stored, nothing is done."""
    said = await analyze(evidence_of(body), body.environment)
    confidence = said.diagnosis.cause.confidence if said.diagnosis.cause else 0.0
    return Analysis(
        incident_id=body.incident_id or house.ids.new("inc"), root_cause=said.diagnosis.root_cause, severity=said.severity,
        confidence=confidence, recommended_fix=dict(said.recommended_fix), generated_code=said.generated_code,
    )  # fmt: skip


@router.get("/incidents")
async def list_incidents(
    house: TheHouse, who: Viewer, cursor: str = "", limit: int = Query(50, ge=1, le=500),
    stage: Stage | None = None, severity: Severity | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Newest first; `cursor` of one page asks for the next."""
    page = await house.store.list_incidents(cursor=cursor, limit=limit, stage=stage, severity=severity)
    return {"items": [shown.incident(i) for i in page.items], "cursor": page.cursor}


@router.get("/incidents/{incident_id}")
async def one_incident(incident_id: str, house: TheHouse, who: Viewer) -> dict[str, Any]:
    """Everything about one incident."""
    async with house.store.transaction() as tx:
        incident = await tx.incident(incident_id)
        diagnosis, plans = await tx.diagnosis(incident_id), await tx.plans_of(incident_id)
        alerts, timeline = await tx.alerts_of(incident_id), await tx.events(incident_id)
    alike = await similar(house, incident_id)
    runbooks = await runbooks_for(house, [a.alert for a in alerts])
    return {
        "incident": shown.incident(incident), "diagnosis": shown.diagnosis(diagnosis), "plans": [shown.plan(p) for p in plans],
        "alerts": [shown.alert(a) for a in alerts], "timeline": [shown.event(e) for e in timeline],
        "similar": [shown_similar(s) for s in alike], "runbooks": [shown_article(a) for a in runbooks],
    }  # fmt: skip


@router.get("/incidents/{incident_id}/conversation")
async def conversation(
    incident_id: str, house: TheHouse, who: Viewer, limit: int = Query(50, ge=1, le=200)
) -> dict[str, Any]:
    """What was asked about it and answered, the newest last. Questions are asked by `POST /api/v1/chat/query`."""
    async with house.store.transaction() as tx:
        await tx.incident(incident_id)
        said, total = await tx.conversation(incident_id, limit)
    return {"items": [shown.exchange(e) for e in said], "total": total}


class Closing(BaseModel):
    """Why it is over."""

    reason: str = ""


@router.post("/incidents/{incident_id}/resolve")
async def resolve(incident_id: str, closing: Closing, house: TheHouse, who: Responder) -> dict[str, Any]:
    """Close an incident that a person took over; while the machine works on it this is a conflict."""
    return shown.incident(await close_incident(house, incident_id, by=who.name, door="api", reason=closing.reason))


class Taking(BaseModel):
    """For how long, and why."""

    minutes: float = Field(60, gt=0, le=7 * 24 * 60)
    reason: str = Field("", max_length=500)


@router.post("/incidents/{incident_id}/take-over")
async def take(incident_id: str, taking: Taking, house: TheHouse, who: Responder) -> dict[str, Any]:
    """Stop all automation on the incident's targets for a time; what is not merged is withdrawn."""
    made = await take_over(house, incident_id, by=who.name, door="api", minutes=taking.minutes, reason=taking.reason)
    return {"incident_id": incident_id, "targets": list(made.targets), "by": made.by, "until": made.until.isoformat()}


@router.post("/incidents/{incident_id}/hand-back")
async def give_back(incident_id: str, house: TheHouse, who: Responder) -> dict[str, Any]:
    """Automation may go on with the targets; the incident itself stays with people."""
    return {"incident_id": incident_id, "ended": await hand_back(house, incident_id, by=who.name, door="api")}


class Suggestion(BaseModel):
    """An action of the catalogue that somebody thinks of. It is written down for people; nothing is planned or done by it."""

    action: str = Field(max_length=60)
    reason: str = Field("", max_length=500)


@router.post("/incidents/{incident_id}/suggestions")
async def suggest(incident_id: str, said: Suggestion, house: TheHouse, who: Responder) -> dict[str, Any]:
    """Note a suggestion on the timeline. Only names of the catalogue are taken."""
    catalogue = sorted({action for kind in FAULTS.values() for action in kind.actions})
    if said.action not in catalogue:
        raise InvalidInput(
            f"no action named {said.action!r}", field="action", hint=f"there are: {', '.join(catalogue)}"
        )
    async with house.store.transaction() as tx:
        await tx.incident(incident_id)
        words = f"{who.name} suggests {said.action.replace('_', ' ')}" + (f": {said.reason}" if said.reason else "")
        event = await tx.add_event(incident_id, "person.noted", words, house.clock.now(), {"suggests": said.action})
    return shown.event(event)


@router.get("/alerts")
async def list_alerts(
    house: TheHouse, who: Viewer, cursor: str = "", limit: int = Query(50, ge=1, le=500), incident_id: str = ""
) -> dict[str, Any]:
    """Newest first."""
    page = await house.store.list_alerts(cursor=cursor, limit=limit, incident_id=incident_id)
    return {"items": [shown.alert(a) for a in page.items], "cursor": page.cursor}


class Word(BaseModel):
    """A person's decision on exactly what they were shown."""

    digest: str
    reason: str = ""


@router.get("/plans/{plan_id}")
async def one_plan(plan_id: str, house: TheHouse, who: Viewer) -> dict[str, Any]:
    """A plan with its diff, its verdict and its digest."""
    async with house.store.transaction() as tx:
        return shown.plan(await tx.plan(plan_id))


@router.post("/plans/{plan_id}/approve")
async def approve(plan_id: str, word: Word, house: TheHouse, who: Approver) -> dict[str, Any]:
    """Agree to the plan with this digest. Saying it twice acts once."""
    record = await decide(
        house,
        plan_id,
        digest=word.digest,
        decision=Decision.APPROVED,
        by=who.name,
        role=who.role,
        door="api",
        reason=word.reason,
    )
    return shown.plan(record)


@router.post("/plans/{plan_id}/reject")
async def reject(plan_id: str, word: Word, house: TheHouse, who: Approver) -> dict[str, Any]:
    """Say no to the plan with this digest."""
    record = await decide(
        house,
        plan_id,
        digest=word.digest,
        decision=Decision.REJECTED,
        by=who.name,
        role=who.role,
        door="api",
        reason=word.reason,
    )
    return shown.plan(record)
