"""Runbooks, what keeps coming back, post-mortems."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from watchkeeper.api.doorkeeper import TheHouse, Viewer
from watchkeeper.domain.memory import Article
from watchkeeper.recall.patterns import Pattern
from watchkeeper.workflows.knowledge import recurring, search_knowledge
from watchkeeper.workflows.post_mortem import post_mortem
from watchkeeper.workflows.remember import Similar, similar

router = APIRouter(prefix="/api/v1", tags=["knowledge"])


@router.get("/knowledge/search")
async def search(
    house: TheHouse, who: Viewer, q: Annotated[str, Query(min_length=1, max_length=500)],
    limit: int = Query(10, ge=1, le=50),
) -> dict[str, Any]:  # fmt: skip
    """Runbooks and post-mortems that answer a plain question."""
    found = await search_knowledge(house, q, limit)
    items = [{**shown_article(article), "score": hit.score, "because": list(hit.because)} for article, hit in found]
    return {"items": items}


@router.get("/knowledge/patterns")
async def patterns(house: TheHouse, who: Viewer, days: float = Query(90, gt=0, le=3650)) -> dict[str, Any]:
    """What came back within these days, and what helped how often."""
    return {"days": days, "items": [_pattern(p) for p in await recurring(house, days)]}


@router.get("/incidents/{incident_id}/similar")
async def similar_incidents(
    incident_id: str, house: TheHouse, who: Viewer, limit: int = Query(3, ge=1, le=20)
) -> dict[str, Any]:
    """Past incidents that looked like this one, with what was tried and whether it worked."""
    return {"items": [shown_similar(s) for s in await similar(house, incident_id, limit)]}


@router.get("/incidents/{incident_id}/post-mortem", response_class=PlainTextResponse)
async def draft(incident_id: str, house: TheHouse, who: Viewer) -> PlainTextResponse:
    """A draft in Markdown; a conflict while the incident is open."""
    return PlainTextResponse(await post_mortem(house, incident_id), media_type="text/markdown")


def shown_article(article: Article) -> dict[str, Any]:
    """Without its digest."""
    return {
        "key": article.key, "kind": article.kind, "title": article.title, "alertnames": list(article.alertnames),
        "labels": dict(article.labels), "actions": list(article.actions), "url": article.url, "text": article.text,
    }  # fmt: skip


def shown_similar(found: Similar) -> dict[str, Any]:
    """What a person wants of a past incident."""
    p = found.past
    return {
        "id": p.id, "similarity": found.similarity, "because": list(found.because), "title": p.situation.title,
        "service": p.situation.service, "began": p.began.isoformat(), "ended": p.ended.isoformat(), "severity": p.severity,
        "cause_service": p.cause_service, "cause_kind": p.cause_kind, "root_cause": p.root_cause, "ending": p.ending,
        "tried": [{**asdict(t), "worked": t.worked} for t in p.tried],
    }  # fmt: skip


def _pattern(p: Pattern) -> dict[str, Any]:
    tried = [{"action": a, "times": times, "worked": worked} for a, times, worked in p.tried]
    return {**asdict(p), "first": p.first.isoformat(), "last": p.last.isoformat(), "tried": tried}
