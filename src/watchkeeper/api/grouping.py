"""What people say about alerts: merge, split, move; issues that are known and accepted."""

from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from watchkeeper.api import shown
from watchkeeper.api.doorkeeper import Responder, TheHouse, Viewer
from watchkeeper.domain.errors import InvalidInput, NotFound
from watchkeeper.domain.muting import KnownIssue, matchers_of
from watchkeeper.domain.severity import Severity
from watchkeeper.workflows.regroup import merge, move

router = APIRouter(prefix="/api/v1", tags=["grouping"])


class Merging(BaseModel):
    """Which incident takes it in."""

    into: str
    reason: str = Field("", max_length=500)


class Moving(BaseModel):
    """Which alerts, by their senders' fingerprints; `to` empty: a new incident."""

    fingerprints: list[str] = Field(min_length=1, max_length=1000)
    to: str = ""
    reason: str = Field("", max_length=500)


@router.post("/incidents/{incident_id}/merge")
async def merge_incident(incident_id: str, body: Merging, house: TheHouse, who: Responder) -> dict[str, Any]:
    """Everything of this incident into another one; remembered for later alerts."""
    return shown.incident(await merge(house, incident_id, body.into, by=who.name, reason=body.reason))


@router.post("/incidents/{incident_id}/move")
async def move_alerts(incident_id: str, body: Moving, house: TheHouse, who: Responder) -> dict[str, Any]:
    """Alerts of this incident to another one, or to one of their own; remembered for later alerts."""
    return shown.incident(await move(house, body.fingerprints, incident_id, body.to, by=who.name, reason=body.reason))


class Issue(BaseModel):
    """Accepted until a day, and unless it gets worse."""

    match: str
    reason: str = Field(min_length=1, max_length=500)
    owner: str = Field(min_length=1, max_length=200)
    expires_at: AwareDatetime
    worst_severity: Severity = Severity.WARNING
    most_alerts: int = Field(0, ge=0)


@router.post("/known-issues", status_code=201)
async def accept(body: Issue, house: TheHouse, who: Responder) -> dict[str, str]:
    """Alerts that match open no incident, until it expires or gets worse than said."""
    try:
        matchers = matchers_of(body.match)
    except ValueError as error:
        raise InvalidInput(str(error), field="match") from None
    issue = KnownIssue(
        house.ids.new("issue"),
        matchers,
        body.reason,
        body.owner,
        body.expires_at,
        body.worst_severity,
        body.most_alerts,
    )
    async with house.store.transaction() as tx:
        await tx.save_known_issue(issue)
        await tx.audit(
            who.name, "issue.accepted", issue.id, {"match": body.match, "owner": body.owner}, house.clock.now()
        )
    return {"id": issue.id}


@router.get("/known-issues")
async def known_issues(house: TheHouse, who: Viewer) -> dict[str, Any]:
    """Those not expired."""
    async with house.store.transaction() as tx:
        found = await tx.known_issues(house.clock.now())
    rows = [
        {
            "id": i.id, "match": ", ".join(map(str, i.matchers)), "reason": i.reason, "owner": i.owner,
            "expires_at": i.expires_at.isoformat(), "worst_severity": i.worst_severity, "most_alerts": i.most_alerts,
        }
        for i in found
    ]  # fmt: skip
    return {"items": rows}


@router.delete("/known-issues/{issue_id}", status_code=204)
async def withdraw(issue_id: str, house: TheHouse, who: Responder) -> None:
    """No longer accepted: what still fires is admitted when it is repeated."""
    async with house.store.transaction() as tx:
        if not await tx.drop_known_issue(issue_id):
            raise NotFound(f"no known issue {issue_id}")
        await tx.audit(who.name, "issue.withdrawn", issue_id, {}, house.clock.now())
