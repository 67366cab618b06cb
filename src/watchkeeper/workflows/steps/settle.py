"""When the alerts end by themselves: what was agreed to no longer holds, and what was opened is closed."""

from datetime import timedelta

from watchkeeper.domain.alert import AlertStatus
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.store.port import PlanRecord, PlanState
from watchkeeper.workflows.house import House
from watchkeeper.workflows.progress import holding, move


async def step(house: House, incident: Incident) -> bool:
    """True where the incident is closed because nothing fires any more and no repair was merged."""
    if incident.stage not in (*_BEFORE_MERGE, Stage.ESCALATED):
        return False
    async with house.store.transaction() as tx:
        alerts = [stored.alert for stored in await tx.alerts_of(incident.id)]
        plans = await tx.plans_of(incident.id)
    over = bool(alerts) and all(a.status is AlertStatus.RESOLVED for a in alerts)
    if not over or any(r.facts.get("merge_sha") or r.facts.get("merging") for r in plans):
        return False
    if await _flaps(house, incident):
        return False
    for record in plans:
        await _withdraw(house, record, "the alert resolved before the merge")
    async with holding(house, incident) as tx:
        for record in plans:
            if record.state.active:
                await tx.set_plan(record.plan.id, PlanState.VOID, {"void_because": "the alert resolved"})
                words = "the alert resolved before the merge"
                await tx.add_event(incident.id, "approval.void", words, house.clock.now(), {"plan": record.plan.id})
        await move(house, tx, incident, Stage.RESOLVED, "incident.resolved", "every alert ended by itself")
    return True


async def _flaps(house: House, incident: Incident) -> bool:
    """An alert that goes on and off is not over before it has been quiet for a while: one incident, not one each time."""
    rules, now = house.settings.correlation, house.clock.now()
    quiet = timedelta(minutes=rules.quiet_minutes)
    async with house.store.transaction() as tx:
        since = now - timedelta(minutes=rules.flap_minutes)
        if not await tx.restless(incident.id, since, rules.flap_changes, now - quiet):
            return False
        await tx.defer_step(incident.id, now + quiet)
    return True


_BEFORE_MERGE = (Stage.OPENED, Stage.DIAGNOSED, Stage.PROPOSED, Stage.AWAITING_APPROVAL, Stage.APPLYING)


async def _withdraw(house: House, record: PlanRecord, why: str) -> None:
    number = record.facts.get("pull_request")
    host = house.host_of(record.plan)
    if number and host is not None and not record.facts.get("merge_sha"):
        await host.close(int(number), comment=f"Closed by Watchkeeper: {why}.")
