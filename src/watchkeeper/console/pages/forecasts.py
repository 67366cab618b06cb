"""What the scanner saw: signals that departed, limits that will be reached, and what people said of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from watchkeeper.console.page import Page, Visit
from watchkeeper.domain.severity import Role
from watchkeeper.domain.sighting import Sighting

_LATELY = timedelta(days=7)
_MOST = 100


async def _show(visit: Visit) -> Mapping[str, object]:
    service = visit.query.get("service", "")
    async with visit.house.store.transaction() as tx:
        found = await tx.sightings(service=service, since=visit.now - _LATELY, limit=_MOST)
        said = await tx.feedback_by_service(visit.now - _LATELY)
    rows = [_row(visit, sighting, incident) for sighting, incident in found]
    return {
        "coming": [r for r in rows if r["limit"]], "departed": [r for r in rows if not r["limit"]], "service": service,
        "said": said, "may": visit.may(Role.RESPONDER),
    }  # fmt: skip


def _row(visit: Visit, sighting: Sighting, incident: str) -> dict[str, object]:
    crossing = sighting.crossing
    return {
        "sighting": sighting, "incident": incident, "began": _at(sighting.began), "last": _at(sighting.last),
        "limit": crossing is not None, "over": crossing is not None and _at(crossing.latest) < visit.now,
        "earliest": _at(crossing.earliest) if crossing else None, "expected": _at(crossing.expected) if crossing else None,
        "latest": _at(crossing.latest) if crossing else None, "key": visit.key("feedback", sighting.service),
    }  # fmt: skip


def _at(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


PAGE = Page("/forecasts", "Forecasts", "forecasts.html", _show, order=50, icon="forecasts", live="list")
