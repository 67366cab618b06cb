"""How a step writes down what it did: the incident's new stage, a line of the timeline and the next job, together."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from watchkeeper import observe
from watchkeeper.domain.errors import Conflict
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.remediation import Plan
from watchkeeper.store.port import PlanRecord, PlanState, Transaction
from watchkeeper.workflows.house import House

MACHINE = "watchkeeper"


@asynccontextmanager
async def holding(house: House, incident: Incident) -> AsyncIterator[Transaction]:
    """A transaction in which the incident is still what the step read. Raises Conflict (retryable) otherwise."""
    async with house.store.transaction() as tx:
        current = await tx.incident(incident.id, lock=True)
        if current.version != incident.version:
            raise Conflict(f"{incident.id} moved on while its step ran")
        yield tx


async def move(
    house: House,
    tx: Transaction,
    incident: Incident,
    stage: Stage,
    kind: str,
    words: str,
    data: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Incident:
    """New stage, timeline line, audit link and (where the machine owes more) the next job."""
    now = house.clock.now()
    resolved_at = now if stage is Stage.RESOLVED else incident.resolved_at
    after = await tx.save_incident(replace(incident, stage=stage, updated_at=now, resolved_at=resolved_at, **changes))
    await tx.add_event(incident.id, kind, words, now, data)
    await tx.audit(MACHINE, kind, incident.id, {"stage": str(stage), "words": words, **(data or {})}, now)
    if stage.working:
        await tx.defer_step(incident.id)
    if stage is Stage.RESOLVED:
        observe.RESOLUTION.observe((now - incident.opened_at).total_seconds())
    return after


async def look_again(house: House, incident: Incident, seconds: float | None = None) -> None:
    """Nothing to write down: the same step once more, later."""
    wait = house.settings.remediation.poll_seconds if seconds is None else seconds
    async with house.store.transaction() as tx:
        await tx.defer_step(incident.id, house.clock.now() + timedelta(seconds=wait))


async def current_plan(house: House, incident: Incident, *states: PlanState) -> PlanRecord | None:
    """The incident's newest plan in one of these states."""
    async with house.store.transaction() as tx:
        return next((r for r in await tx.plans_of(incident.id) if r.state in states), None)


async def escalate(house: House, incident: Incident, words: str, record: PlanRecord | None = None) -> None:
    """A person is called, with the exact commands where a plan was under way."""
    async with holding(house, incident) as tx:
        data: dict[str, Any] = {}
        if record is not None:
            data = {"plan": record.plan.id, "manual_commands": list(record.plan.manual_commands)}
            if record.state.active:
                await tx.set_plan(record.plan.id, PlanState.FAILED, {"failed_because": words})
        await move(house, tx, incident, Stage.ESCALATED, "incident.escalated", words, data)


def moment(facts: Mapping[str, Any], key: str) -> datetime | None:
    """A time kept in a plan's facts."""
    return datetime.fromisoformat(facts[key]) if facts.get(key) else None


def branch_of(plan: Plan, *, undo: bool = False) -> str:
    """The branch carries the digest, so that asking twice finds the first one's work."""
    return f"watchkeeper/{'undo-' if undo else ''}{plan.action.replace('_', '-')}-{plan.digest[:12]}"
