"""Predictions and plain questions."""

import re
from typing import Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from watchkeeper.api.doorkeeper import Responder, TheHouse, Viewer
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.workflows.answer import answer
from watchkeeper.workflows.converse import ask_about
from watchkeeper.workflows.forecast import anomalies
from watchkeeper.workflows.foresee_load import band_to_json, load_band

router = APIRouter(prefix="/api/v1", tags=["questions"])
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@router.get("/predict/anomalies")
async def predict(service: str, house: TheHouse, who: Viewer, window: str = "1h") -> dict[str, Any]:
    """What of a service is unusual now, against its own last `window` (such as 30m, 1h, 2d)."""
    found = re.fullmatch(r"(\d{1,4})([smhd])", window)
    if not found or not 60 <= int(found.group(1)) * _SECONDS[found.group(2)] <= 7 * 86400:
        raise InvalidInput(f"not a window: {window!r}", field="window", hint="between 60s and 7d, such as 1h")
    return dict(await anomalies(house, service, int(found.group(1)) * _SECONDS[found.group(2)]))


@router.get("/predict/load")
async def predict_load(
    service: str, house: TheHouse, who: Viewer, hours: int = Query(24, ge=1, le=72)
) -> dict[str, Any]:
    """The request rate a workload will see, by quarters of an hour, as a band that holds four times of five."""
    return dict(band_to_json(service, await load_band(house, service, hours)))


class Question(BaseModel):
    """Plain words."""

    query: str = Field(max_length=2000)
    context: str = Field("", max_length=200)
    timezone: str = Field("", max_length=64)
    incident_id: str = Field("", max_length=80)


@router.post("/chat/query")
async def ask(question: Question, house: TheHouse, who: Responder) -> dict[str, Any]:
    """Answer from incidents and measurements; `timezone` is the asker's (IANA), for words such as "at 2 PM".

    With `incident_id` the question is about that incident, and is kept with its answer in the incident's conversation.
    """
    if question.incident_id:
        said = await ask_about(
            house, question.incident_id, question.query, by=who.name, door="api", zone=question.timezone
        )
    else:
        said = await answer(house, question.query, question.context, question.timezone)
    return {
        "response": said.text, "data": dict(said.data), "understood": said.understood, "picture": said.picture,
        "links": [{"title": link.title, "url": link.url} for link in said.links], "nearest": list(said.nearest),
    }  # fmt: skip
