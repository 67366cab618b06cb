"""The live feed over a real Redis, and without it when it dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests_support import INCIDENT, NOW
from watchkeeper.app import free_port
from watchkeeper.store.postgres import PostgresStore

pytestmark = pytest.mark.server("redis-server")


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path), stdout=-3
    )
    for _ in range(100):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        await asyncio.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0", process
    if process.returncode is None:
        process.kill()
        await process.wait()


async def tell(store: PostgresStore, number: int) -> None:
    async with store.transaction() as tx:
        await tx.create_incident(replace(INCIDENT, id=f"inc-{number}"))
        await tx.add_event(f"inc-{number}", "incident.opened", "it began", NOW)


async def test_events_of_one_process_reach_another_over_redis_and_go_on_when_it_dies(
    database_url: str, redis: tuple[str, asyncio.subprocess.Process]
) -> None:
    url, process = redis
    here = PostgresStore.open(database_url, redis_url=url)
    there = PostgresStore.open(database_url, redis_url=url)
    heard: list[str] = []

    async def listen() -> None:
        async for event in there.listen():
            heard.append(event.incident_id)

    task = asyncio.create_task(listen())
    # What is told before the listener listens it does not hear: tell until it does.
    first = await told_until_heard(here, heard, 100)
    process.kill()
    await process.wait()
    second = await told_until_heard(here, heard, 200)
    assert heard == [first, second]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await here.close()
    await there.close()


async def told_until_heard(store: PostgresStore, heard: list[str], number: int) -> str:
    """One event at a time until one is heard; its incident."""
    before = len(heard)
    for n in range(number, number + 40):
        await tell(store, n)
        for _ in range(10):
            if len(heard) > before:
                return heard[-1]
            await asyncio.sleep(0.1)
    raise AssertionError("nothing was heard")
