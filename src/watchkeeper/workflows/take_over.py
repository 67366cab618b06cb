"""A person stops all automation on an incident's targets for a time. Every door calls this."""

from datetime import timedelta

from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.people import Takeover
from watchkeeper.domain.remediation import Plan
from watchkeeper.store.port import PlanRecord, PlanState, Transaction
from watchkeeper.workflows.house import House
from watchkeeper.workflows.progress import move

_LONGEST = 7 * 24 * 60.0


async def take_over(
    house: House, incident_id: str, *, by: str, door: str, minutes: float, reason: str = ""
) -> Takeover:
    """Void what is not merged, stop what is, and refuse plans on these targets until then. Raises InvalidInput, NotFound.

    What is merged stays as it is: neither verified nor undone by us.
    """
    if not 0 < minutes <= _LONGEST:
        raise InvalidInput(f"between a minute and {_LONGEST:g} minutes", field="minutes")
    now = house.clock.now()
    async with house.store.transaction() as tx:
        incident = await tx.incident(incident_id, lock=True)
        plans = await tx.plans_of(incident_id)
        takeover = Takeover(
            incident_id, targets_of(incident, plans), by, door, reason, now, now + timedelta(minutes=minutes)
        )
        await tx.take_over(takeover)
        details = {"targets": list(takeover.targets), "minutes": minutes, "door": door, "reason": reason}
        await tx.audit(by, "incident.taken_over", incident_id, details, now)
        if incident.stage.working:
            await _stop(house, tx, incident, plans, takeover)
        else:
            await tx.add_event(incident_id, "person.took_over", takeover.words, now)
    for record in plans:
        await _withdraw(house, record, takeover)
    return takeover


async def hand_back(house: House, incident_id: str, *, by: str, door: str) -> int:
    """The targets may be repaired again; how many takeovers ended. The incident stays with people."""
    now = house.clock.now()
    async with house.store.transaction() as tx:
        await tx.incident(incident_id, lock=True)
        ended = await tx.hand_back(incident_id, now)
        if ended:
            await tx.add_event(incident_id, "person.handed_back", f"{by} handed it back", now)
            await tx.audit(by, "incident.handed_back", incident_id, {"door": door}, now)
    return ended


def targets_of(incident: Incident, plans: list[PlanRecord]) -> tuple[str, ...]:
    """Everything the incident is about: where it hurts, where it comes from, what plans touch."""
    named = [f"{incident.namespace}/*/{s}" for s in (incident.service, incident.cause_service) if s]
    touched = [t for r in plans for t in (str(r.plan.target), *r.plan.blast_radius.workloads)]
    return tuple(dict.fromkeys([*named, *touched]))


def covers(takeover: Takeover, plan: Plan) -> bool:
    """Is the plan about the incident, or does it touch one of the targets?"""
    if plan.incident_id == takeover.incident_id:
        return True
    touched = {str(plan.target), *plan.blast_radius.workloads}
    wild = {f"{space}/*/{name}" for space, _, name in (t.split("/", 2) for t in touched)}
    return bool((touched | wild) & set(takeover.targets))


async def taken_over(house: House, tx: Transaction, plan: Plan) -> str:
    """Who holds a target of the plan now, in words; "" for nobody."""
    found = [t for t in await tx.takeovers(house.clock.now()) if covers(t, plan)]
    return found[0].words if found else ""


async def _stop(house: House, tx: Transaction, incident: Incident, plans: list[PlanRecord], takeover: Takeover) -> None:
    for record in plans:
        if record.state.active:
            merged = record.state is PlanState.APPLIED
            state = PlanState.FAILED if merged else PlanState.VOID
            await tx.set_plan(record.plan.id, state, {"taken_over": takeover.words})
    await move(
        house, tx, incident, Stage.ESCALATED, "person.took_over", takeover.words, {"until": takeover.until.isoformat()}
    )


async def _withdraw(house: House, record: PlanRecord, takeover: Takeover) -> None:
    number = record.facts.get("pull_request")
    host = house.host_of(record.plan)
    if number and host is not None and record.state.active and not record.facts.get("merge_sha"):
        await host.close(int(number), comment=f"Closed by Watchkeeper: {takeover.words}.")
