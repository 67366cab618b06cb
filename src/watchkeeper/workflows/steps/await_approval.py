"""Wait for a person. No answer in time means no."""

from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.remediation import Decision
from watchkeeper.store.port import PlanState
from watchkeeper.workflows.house import House
from watchkeeper.workflows.progress import current_plan, escalate, holding, look_again, move


async def step(house: House, incident: Incident) -> None:
    """approved -> applying; rejected or expired -> escalated; else look again."""
    record = await current_plan(house, incident, PlanState.PROPOSED, PlanState.APPROVED, PlanState.REJECTED)
    if record is None:
        await escalate(house, incident, "the plan to decide on is gone")
        return
    if record.state is PlanState.APPROVED:
        async with holding(house, incident) as tx:
            data = {"plan": record.plan.id}
            words = f"carrying out: {record.plan.action} of {record.plan.target.name}"
            await move(house, tx, incident, Stage.APPLYING, "change.started", words, data)
    elif record.state is PlanState.REJECTED:
        async with house.store.transaction() as tx:
            said = next((a for a in await tx.approvals_of(record.plan.id) if a.decision is Decision.REJECTED), None)
        await escalate(house, incident, f"{said.by if said else 'a person'} rejected the plan", record)
    elif house.clock.now() >= record.plan.expires_at:
        async with house.store.transaction() as tx:
            await tx.set_plan(record.plan.id, PlanState.VOID, {"void_because": "nobody answered in time"})
        minutes = house.settings.remediation.approval_timeout_minutes
        await escalate(house, incident, f"nobody answered within {minutes:g} minutes; that means no", None)
    else:
        left = (record.plan.expires_at - house.clock.now()).total_seconds()
        await look_again(house, incident, min(max(left, 0.1), 60.0))
