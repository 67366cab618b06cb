"""Periodic jobs: whoever looks first claims, once per interval; a failing job runs again when it is next due."""

import asyncio
from datetime import datetime

import pytest

from watchkeeper.domain.clock import SystemClock
from watchkeeper.store.jobs import Periodic, run_worker
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock


async def test_a_due_job_is_claimed_once_by_many(database_url: str) -> None:
    store, clock = PostgresStore.open(database_url), ManualClock()

    async def claim() -> list[str]:
        async with store.transaction() as tx:
            return await tx.claim_periodic({"scan": 60.0}, clock.now())

    try:
        first = await asyncio.gather(*(claim() for _ in range(5)))
        assert sorted(map(len, first)) == [0, 0, 0, 0, 1]
        clock.advance(seconds=59)
        assert await claim() == []
        clock.advance(seconds=2)
        assert await claim() == ["scan"]
    finally:
        await store.close()


async def test_a_clock_that_goes_back_stops_no_job(database_url: str) -> None:
    store, clock = PostgresStore.open(database_url), ManualClock()

    async def claim() -> list[str]:
        async with store.transaction() as tx:
            return await tx.claim_periodic({"scan": 60.0}, clock.now())

    try:
        clock.advance(hours=5)
        assert await claim() == ["scan"]
        clock.advance(minutes=-2)  # another worker's clock may differ by so much
        assert await claim() == []
        clock.advance(minutes=2)
        async with store.transaction() as tx:
            await tx._do("delete from procrastinate_jobs")
        clock.advance(hours=-5)
        assert await claim() == ["scan"]
        assert await claim() == []
    finally:
        await store.close()


async def test_whole_seconds_stand_beside_parts_of_seconds(database_url: str) -> None:
    store = PostgresStore.open(database_url)
    try:
        async with store.transaction() as tx:
            assert sorted(await tx.claim_periodic({"scan": 60.5, "announce": 2}, ManualClock().now())) == [
                "announce",
                "scan",
            ]
    finally:
        await store.close()


async def test_a_worker_that_cannot_go_on_says_why(database_url: str) -> None:
    class Broken(SystemClock):
        def now(self) -> datetime:
            raise ValueError("no time")

    async def nothing(incident: str) -> None:
        raise AssertionError(incident)

    async def never() -> None:
        raise AssertionError

    store = PostgresStore.open(database_url)
    try:
        async with asyncio.timeout(60):
            with pytest.raises(ValueError, match="no time"):
                await run_worker(
                    store, database_url, nothing, Broken(), asyncio.Event(), periodic={"x": Periodic(9.0, never)}
                )
    finally:
        await store.close()


async def test_workers_run_it_and_survive_its_failure(database_url: str) -> None:
    store, stop, ran = PostgresStore.open(database_url), asyncio.Event(), 0

    async def run() -> None:
        nonlocal ran
        ran += 1
        if ran == 1:
            raise ValueError("broken once")
        stop.set()

    async def nothing(incident: str) -> None:
        raise AssertionError(incident)

    try:
        async with asyncio.timeout(30):
            await run_worker(store, database_url, nothing, SystemClock(), stop, periodic={"scan": Periodic(0.5, run)})
    finally:
        await store.close()
    assert ran >= 2
