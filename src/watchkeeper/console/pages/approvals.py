"""Plans that wait for a person's word."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.console.plans import shown_plan
from watchkeeper.domain.incident import Stage

_MOST = 50


async def _show(visit: Visit) -> Mapping[str, object]:
    waiting = await visit.house.store.list_incidents(limit=_MOST, stage=Stage.AWAITING_APPROVAL)
    async with visit.house.store.transaction() as tx:
        proposed = await tx.proposed_for([i.id for i in waiting.items])
    rows = [{"incident": i, "p": shown_plan(visit, proposed[i.id])} for i in waiting.items if i.id in proposed]
    return {"rows": rows, "more": bool(waiting.cursor)}


PAGE = Page("/approvals", "Approvals", "approvals.html", _show, order=30, icon="approvals", live="list")
