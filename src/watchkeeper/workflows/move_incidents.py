"""Incidents as JSON lines, out of one installation and into another."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Any

from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.incident import Stage
from watchkeeper.store.port import PlanState
from watchkeeper.workflows.house import House

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Imported:
    """How many came in, how many were there already, and how many a person must look at."""

    new: int = 0
    known: int = 0
    handed_over: int = 0


async def exported(house: House) -> AsyncIterator[str]:
    """One line that says what this is, then one a incident, newest first."""
    yield json.dumps({"watchkeeper_export": FORMAT, "at": house.clock.now().isoformat()})
    cursor, more = "", True
    while more:
        page = await house.store.list_incidents(cursor=cursor, limit=100)
        for incident in page.items:
            async with house.store.transaction() as tx:
                yield json.dumps(await tx.packed(incident.id), default=str)
        cursor, more = page.cursor, bool(page.cursor)


async def imported(house: House, lines: Iterable[str]) -> Imported:
    """Each incident in a transaction of its own; one that is there is left as it is. Raises InvalidInput.

    What the other installation was still working on is handed to a person: nothing imported is ever carried out.
    """
    done = Imported()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        value = _object(line, number)
        if number == 1:
            if value.get("watchkeeper_export") != FORMAT:
                raise InvalidInput("this is not an export of Watchkeeper", field="line 1")
            continue
        done = await _one(house, value, line, done)
    return done


async def _one(house: House, value: dict[str, Any], line: str, done: Imported) -> Imported:
    now = house.clock.now()
    async with house.store.transaction() as tx:
        if not await tx.unpack(value):
            return replace(done, known=done.known + 1)
        incident = await tx.incident(str(value["incidents"][0]["id"]))
        open_plans = [record for record in await tx.plans_of(incident.id) if record.state.active]
        for record in open_plans:
            await tx.set_plan(record.plan.id, PlanState.VOID, {"void_because": "imported from another installation"})
        if incident.stage.working:
            await tx.save_incident(replace(incident, stage=Stage.ESCALATED, updated_at=now))
            words = f"imported while {incident.stage.replace('_', ' ')} elsewhere: a person decides what is left to do"
            await tx.add_event(incident.id, "incident.escalated", words, now)
            done = replace(done, handed_over=done.handed_over + 1)
        digest = hashlib.sha256(line.strip().encode()).hexdigest()
        await tx.audit("administrator", "import.incident", incident.id, {"sha256": digest}, now)
    return replace(done, new=done.new + 1)


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidInput("an object is expected", field=f"line {number}")
    return value
