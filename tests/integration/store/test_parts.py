"""Two kinds of workers on one database: what writes outside is taken only by those who carry out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests_support import INCIDENT
from watchkeeper.domain.clock import SystemClock
from watchkeeper.domain.errors import Conflict
from watchkeeper.domain.incident import Stage
from watchkeeper.store.jobs import Part, Periodic, run_worker
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.workflows.advance import advance

WRITING = (Stage.APPLYING, Stage.VERIFYING, Stage.ROLLING_BACK)
READING = (Stage.OPENED, Stage.DIAGNOSED, Stage.PROPOSED, Stage.AWAITING_APPROVAL)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    opened = PostgresStore.open(database_url)
    yield opened
    await opened.close()


async def put(store: PostgresStore, *stages: Stage) -> None:
    async with store.transaction() as tx:
        for stage in stages:
            await tx.create_incident(replace(INCIDENT, id=f"inc-{stage}", stage=stage))
            await tx.defer_step(f"inc-{stage}")


async def queues(store: PostgresStore) -> dict[str, str]:
    found = await store._rows("select queueing_lock, queue_name from procrastinate_jobs where status = 'todo'")
    return {row["queueing_lock"]: row["queue_name"] for row in found}


async def test_each_kind_of_worker_takes_only_its_own(store: PostgresStore, database_url: str) -> None:
    await put(store, *WRITING, *READING)
    taken: dict[Part, set[str]] = {Part.THINK: set(), Part.CARRY_OUT: set()}
    ticked: set[Part] = set()
    stop = asyncio.Event()

    async def take(part: Part, incident_id: str) -> None:
        taken[part].add(incident_id)

    async def tick(part: Part) -> None:
        ticked.add(part)

    def worker(part: Part) -> Any:
        every = {"tick": Periodic(0.2, partial(tick, part))}
        return run_worker(
            store, database_url, partial(take, part), SystemClock(), stop, part=part, periodic=every, sweep_seconds=60
        )

    async with asyncio.timeout(40), asyncio.TaskGroup() as group:
        for part in taken:
            group.create_task(worker(part))
        while len(taken[Part.THINK]) < len(READING) or len(taken[Part.CARRY_OUT]) < len(WRITING) or not ticked:
            await asyncio.sleep(0.1)
        stop.set()
    assert taken[Part.CARRY_OUT] == {f"inc-{s}" for s in WRITING}
    assert taken[Part.THINK] == {f"inc-{s}" for s in READING}
    assert ticked == {Part.THINK}


async def test_a_waiting_job_changes_its_queue_with_the_stage(store: PostgresStore) -> None:
    await put(store, Stage.AWAITING_APPROVAL)
    name = f"inc-{Stage.AWAITING_APPROVAL}"
    assert await queues(store) == {name: "incidents"}
    async with store.transaction() as tx:
        await tx.save_incident(replace(await tx.incident(name), stage=Stage.APPLYING))
        await tx.defer_step(name)
    assert await queues(store) == {name: "carry_out"}
    async with store.transaction() as tx:
        await tx.save_incident(replace(await tx.incident(name), stage=Stage.AWAITING_APPROVAL))
        await tx.defer_steps([name])
    assert await queues(store) == {name: "incidents"}


async def test_new_steps_by_the_batch_find_their_queue(store: PostgresStore) -> None:
    async with store.transaction() as tx:
        for stage in (Stage.VERIFYING, Stage.OPENED):
            await tx.create_incident(replace(INCIDENT, id=f"inc-{stage}", stage=stage))
        await tx.defer_steps(["inc-verifying", "inc-opened"])
    assert await queues(store) == {"inc-verifying": "carry_out", "inc-opened": "incidents"}


async def test_a_worker_that_only_thinks_gives_a_writing_step_back(store: PostgresStore) -> None:
    await put(store, Stage.APPLYING)
    house = cast(Any, SimpleNamespace(store=store))
    with pytest.raises(Conflict, match="executor"):
        await advance(house, "inc-applying", only_thinks=True)
    async with store.transaction() as tx:
        assert (await tx.incident("inc-applying")).stage is Stage.APPLYING
