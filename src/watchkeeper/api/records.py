"""Changes people report, the audit, and what could not be read."""

from typing import Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from watchkeeper.api.doorkeeper import Admin, Responder, TheHouse
from watchkeeper.domain.evidence import Change

router = APIRouter(prefix="/api/v1", tags=["records"])


class ChangeBody(BaseModel):
    """Something was altered that no machine saw."""

    service: str
    summary: str = Field(max_length=2000)
    kind: str = "manual"
    at: AwareDatetime | None = None
    link: str = ""


@router.post("/changes", status_code=201)
async def add_change(body: ChangeBody, house: TheHouse, who: Responder) -> dict[str, Any]:
    """Report a change, so that diagnosis can weigh it."""
    change = Change(
        house.ids.new("change"),
        body.at or house.clock.now(),
        body.kind,
        body.service,
        body.summary,
        who.name,
        body.link,
    )
    async with house.store.transaction() as tx:
        await tx.add_change(change)
        await tx.audit(
            who.name,
            "change.reported",
            change.id,
            {"service": body.service, "summary": body.summary},
            house.clock.now(),
        )
    return {"id": change.id}


@router.get("/audit")
async def audit(house: TheHouse, who: Admin, after: int = 0, limit: int = Query(200, ge=1, le=1000)) -> dict[str, Any]:
    """The append-only record, oldest first."""
    page = await house.store.list_audit(after=after, limit=limit)
    rows = [
        {"seq": e.seq, "at": e.at.isoformat(), "actor": e.actor, "action": e.action, "subject": e.subject, "details": dict(e.details), "previous": e.previous, "digest": e.digest}
        for e in page.items
    ]  # fmt: skip
    return {"items": rows, "after": page.cursor}


@router.get("/audit/verify")
async def verify(house: TheHouse, who: Admin) -> dict[str, Any]:
    """Recompute the hash chain."""
    whole, words = await house.store.verify_audit()
    return {"whole": whole, "words": words}


@router.get("/quarantine")
async def quarantine(house: TheHouse, who: Admin, limit: int = Query(50, ge=1, le=500)) -> dict[str, Any]:
    """Bodies that could not be read: redacted, cut, kept for seven days."""
    rows = await house.store.list_quarantine(limit=limit)
    return {"items": [{**row, "at": row["at"].isoformat()} for row in rows]}


class Switch(BaseModel):
    """On stops every action at once."""

    on: bool


@router.put("/kill-switch")
async def kill_switch(body: Switch, house: TheHouse, who: Admin) -> dict[str, Any]:
    """Stop all repairs, or let them go on."""
    async with house.store.transaction() as tx:
        await tx.set_flag("kill_switch", "on" if body.on else "")
        await tx.audit(who.name, "kill_switch", "on" if body.on else "off", {}, house.clock.now())
    return {"on": body.on}
