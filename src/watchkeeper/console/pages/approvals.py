"""Plans that wait for a person's word."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.console.plans import shown_plan
from watchkeeper.domain.incident import Stage
from watchkeeper.store.port import PlanState

_MOST = 50


async def _show(visit: Visit) -> Mapping[str, object]:
    waiting = await visit.house.store.list_incidents(limit=_MOST, stage=Stage.AWAITING_APPROVAL)
    rows = []
    async with visit.house.store.transaction() as tx:
        for incident in waiting.items:
            plans = [r for r in await tx.plans_of(incident.id) if r.state is PlanState.PROPOSED]
            rows += [{"incident": incident, "p": shown_plan(visit, record)} for record in plans[:1]]
    return {"rows": rows, "more": bool(waiting.cursor)}


PAGE = Page("/approvals", "Approvals", "approvals.html", _show, order=30, icon="approvals", live="list")
