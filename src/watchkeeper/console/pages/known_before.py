"""What is known of an incident's kind: incidents that looked alike with what helped, and the runbooks of its alerts."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.workflows.knowledge import runbooks_for
from watchkeeper.workflows.remember import similar


async def _show(visit: Visit) -> Mapping[str, object]:
    incident_id = visit.path["incident_id"]
    async with visit.house.store.transaction() as tx:
        incident = await tx.incident(incident_id)
        alerts = [s.alert for s in await tx.alerts_of(incident_id)]
    return {
        "title": f"Known before: {incident.title}", "incident": incident, "alike": await similar(visit.house, incident_id, 3),
        "runbooks": await runbooks_for(visit.house, alerts), "searched": visit.house.index is not None,
    }  # fmt: skip


PAGE = Page("/incidents/{incident_id}/before", "Known before", "known_before.html", _show)
