"""What the scanner saw, and what people say of it."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from watchkeeper.api.doorkeeper import Responder, TheHouse, Viewer
from watchkeeper.domain.sighting import Sighting
from watchkeeper.workflows.give_feedback import give_feedback
from watchkeeper.workflows.sightings import shown

router = APIRouter(prefix="/api/v1", tags=["watching"])


@router.get("/sightings")
async def sightings(
    house: TheHouse,
    who: Viewer,
    service: str = "",
    days: float = Query(7, gt=0, le=90),
    limit: int = Query(100, ge=1, le=500),
) -> dict[str, Any]:
    """What the scanner noted lately, newest first: also what opened no incident, and why it did not."""
    since = house.clock.now() - timedelta(days=days)
    async with house.store.transaction() as tx:
        found = await tx.sightings(service=service, since=since, limit=limit)
    return {"items": [_row(sighting, incident) for sighting, incident in found]}


def _row(sighting: Sighting, incident: str) -> dict[str, Any]:
    return {**shown(sighting), "incident": incident}


class FeedbackBody(BaseModel):
    """A word on an incident the scanner opened (its id), or on a sighting (its fingerprint)."""

    subject: str = Field(min_length=1, max_length=300)
    real: bool
    words: str = Field("", max_length=2000)


@router.post("/feedback")
async def feedback(body: FeedbackBody, house: TheHouse, who: Responder) -> dict[str, Any]:
    """That was real, or that was noise: it counts in the gauges, and noise makes the service's signals show more before they are told."""
    return dict(await give_feedback(house, body.subject, real=body.real, by=who.name, words=body.words))
