"""A person says that it is over. Only where the machine no longer works on it."""

from dataclasses import replace

from watchkeeper.domain.errors import Conflict
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.workflows.house import House


async def close_incident(house: House, incident_id: str, *, by: str, door: str, reason: str) -> Incident:
    """Escalated or rolled back -> resolved. Saying it twice is fine; raises Conflict while the machine works, NotFound."""
    now = house.clock.now()
    async with house.store.transaction() as tx:
        incident = await tx.incident(incident_id, lock=True)
        if incident.stage is Stage.RESOLVED:
            return incident
        if incident.stage.working:
            raise Conflict(f"the incident is {incident.stage.replace('_', ' ')}", hint="reject its plan, or wait")
        after = await tx.save_incident(replace(incident, stage=Stage.RESOLVED, updated_at=now, resolved_at=now))
        words = f"{by} closed it by {door}" + (f": {reason}" if reason else "")
        await tx.add_event(incident_id, "incident.resolved", words, now)
        await tx.audit(by, "incident.closed", incident_id, {"door": door, "reason": reason}, now)
    return after
