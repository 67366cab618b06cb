"""The list of incidents, newest first."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.console.render import ago
from watchkeeper.domain.incident import Stage


async def _show(visit: Visit) -> Mapping[str, object]:
    stage = visit.query.get("stage", "")
    wanted = Stage(stage) if stage in set(Stage) else None
    found = await visit.house.store.list_incidents(cursor=visit.query.get("cursor", ""), limit=50, stage=wanted)
    rows = [{"incident": i, "ago": ago(i.opened_at, visit.now)} for i in found.items]
    return {"rows": rows, "cursor": found.cursor, "stage": stage, "stages": list(Stage)}


PAGE = Page("/incidents", "Incidents", "incidents.html", _show, order=20, icon="incidents", live="list")
