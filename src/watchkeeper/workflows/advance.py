"""Move an incident one step: a table maps its stage to the step that stage owes.

A step may be run twice (a killed worker, a sweep): it finds what the first run did by its key.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from watchkeeper import observe, otlp
from watchkeeper.domain.errors import Conflict
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.workflows.house import House
from watchkeeper.workflows.steps import (
    apply_change,
    await_approval,
    diagnose_incident,
    propose_repair,
    roll_back,
    settle,
    verify_recovery,
)

Step = Callable[[House, Incident], Awaitable[None]]

STEPS: Mapping[Stage, Step] = MappingProxyType(
    {
        Stage.OPENED: diagnose_incident.step,
        Stage.DIAGNOSED: propose_repair.step,
        Stage.PROPOSED: propose_repair.step,
        Stage.AWAITING_APPROVAL: await_approval.step,
        Stage.APPLYING: apply_change.step,
        Stage.VERIFYING: verify_recovery.step,
        Stage.ROLLING_BACK: roll_back.step,
    }
)


async def advance(house: House, incident_id: str, *, only_thinks: bool = False) -> None:
    """Run the step the incident's stage owes, unless its alerts are over and no repair is under way.

    `only_thinks`: this worker may not carry out; Conflict sends a step that writes to the queue of those who may.
    """
    async with house.store.transaction() as tx:
        incident = await tx.incident(incident_id)
    if only_thinks and incident.stage.carried_out:
        raise Conflict(f"{incident_id} is {incident.stage.replace('_', ' ')}: its step belongs to the executor")
    started = time.monotonic()
    with otlp.span(f"step {incident.stage}", incident=incident.id, stage=str(incident.stage)):
        if not await settle.step(house, incident) and incident.stage in STEPS:
            await STEPS[incident.stage](house, incident)
    observe.STEP_SECONDS.labels(str(incident.stage)).observe(time.monotonic() - started)
