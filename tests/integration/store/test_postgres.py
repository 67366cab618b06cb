"""The store on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests_support import ALERT, INCIDENT, NOW
from watchkeeper.domain.errors import Conflict, InvalidInput, NotFound, StoreUnavailable
from watchkeeper.domain.incident import Stage
from watchkeeper.store.jobs import WORKING
from watchkeeper.store.migrate import head, libpq_url, migrate
from watchkeeper.store.postgres import PostgresStore


@pytest.fixture
async def store(database_url: str):
    store = PostgresStore.open(database_url)
    yield store
    await store.close()


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    assert await asyncio.to_thread(migrate, database_url) == head()


async def test_the_same_delivery_is_kept_once(store: PostgresStore) -> None:
    async with store.transaction() as tx:
        assert await tx.add_alert(ALERT, "", "first")
        assert not await tx.add_alert(replace(ALERT, received_at=NOW + timedelta(minutes=1)), "", "again")
    page = await store.list_alerts()
    assert [s.because for s in page.items] == ["first"]
    assert page.items[0].alert == ALERT


async def test_an_error_leaves_neither_row_nor_job(store: PostgresStore) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012
        async with store.transaction() as tx:
            await tx.create_incident(INCIDENT)
            await tx.defer_step(INCIDENT.id)
            raise RuntimeError("power cut")
    assert (await store.list_incidents()).items == ()
    assert await store._rows("select * from procrastinate_jobs") == []


async def test_a_step_that_waits_is_brought_forward_not_doubled(store: PostgresStore) -> None:
    async with store.transaction() as tx:
        await tx.create_incident(INCIDENT)
        await tx.defer_step(INCIDENT.id, NOW + timedelta(hours=1))
        await tx.defer_step(INCIDENT.id)
        await tx.defer_step(INCIDENT.id, NOW + timedelta(hours=2))
    jobs = await store._rows("select scheduled_at from procrastinate_jobs")
    assert [j["scheduled_at"] for j in jobs] == [None]


async def test_the_slower_writer_is_told(store: PostgresStore) -> None:
    async with store.transaction() as tx:
        await tx.create_incident(INCIDENT)
        await tx.save_incident(replace(INCIDENT, stage=Stage.DIAGNOSED))
    with pytest.raises(Conflict):
        async with store.transaction() as tx:
            await tx.save_incident(replace(INCIDENT, stage=Stage.ESCALATED))
    assert (await store.list_incidents()).items[0].stage is Stage.DIAGNOSED


async def test_pages_follow_each_other_without_gap_or_repeat(store: PostgresStore) -> None:
    async with store.transaction() as tx:
        for n in range(7):
            await tx.create_incident(replace(INCIDENT, id=f"inc-{n}", opened_at=NOW + timedelta(seconds=n // 2)))
    seen, cursor = [], ""
    while True:
        page = await store.list_incidents(cursor=cursor, limit=3)
        seen += [i.id for i in page.items]
        cursor = page.cursor
        if not cursor:
            break
    assert sorted(seen) == [f"inc-{n}" for n in range(7)]
    assert seen == sorted(seen, reverse=True)


async def test_a_foreign_cursor_is_refused(store: PostgresStore) -> None:
    with pytest.raises(InvalidInput):
        await store.list_incidents(cursor="abc")


async def test_what_is_absent_is_not_found(store: PostgresStore) -> None:
    async with store.transaction() as tx:
        with pytest.raises(NotFound):
            await tx.incident("inc-none")
        with pytest.raises(NotFound):
            await tx.plan("plan-none")


async def test_the_audit_chain_shows_tampering(store: PostgresStore, database_url: str) -> None:
    async def note(n: int) -> None:
        async with store.transaction() as tx:
            await tx.audit("somebody", "plan.approved", f"plan-{n}", {"n": n, "ü": "token=abcdef123456"}, NOW)

    await asyncio.gather(*(note(n) for n in range(20)))
    assert await store.verify_audit() == (True, "the chain of 20 entries is whole")
    assert "abcdef123456" not in str((await store.list_audit()).items)
    with psycopg.connect(libpq_url(database_url)) as connection:
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("update audit set actor = 'nobody' where seq = 7")
        connection.rollback()
        connection.execute("alter table audit disable trigger audit_keeps")
        connection.execute("update audit set actor = 'nobody' where seq = 7")
    whole, words = await store.verify_audit()
    assert not whole
    assert "entry 7" in words


async def test_secrets_do_not_reach_the_tables(store: PostgresStore) -> None:
    async with store.transaction() as tx:
        await tx.create_incident(replace(INCIDENT, title="login failed password=hunter2hunter2"))
        await tx.add_event(INCIDENT.id, "person.noted", "Bearer abcdefghijklmnop", NOW, {"api_key": "k-123456"})
        await tx.quarantine("alertmanager", b"\x00token: s3cr3t-value" + b"x" * 70_000, "broken", NOW)
        await tx.quarantine("alertmanager", b"old", "broken", NOW - timedelta(days=9))
    everything = str(await store._rows("select * from incidents i, events e, quarantine q"))
    for secret in ("hunter2", "abcdefghijklmnop", "k-123456", "s3cr3t"):
        assert secret not in everything
    kept = await store.list_quarantine()
    assert max(len(row["body"]) for row in kept) <= 64 * 1024


async def test_the_sweep_finds_lost_jobs_only(store: PostgresStore) -> None:
    async with store.transaction() as tx:
        await tx.create_incident(INCIDENT)
        await tx.create_incident(replace(INCIDENT, id="inc-2", stage=Stage.RESOLVED))
        await tx.create_incident(replace(INCIDENT, id="inc-3"))
        await tx.defer_step("inc-3")
    assert await store.sweep(WORKING) == 1
    assert await store.sweep(WORKING) == 0


async def test_the_live_feed_hears_what_was_committed(store: PostgresStore) -> None:
    heard = []

    async def listen() -> None:
        async for event in store.listen():
            heard.append(event.text)
            if len(heard) == 2:
                return

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.3)
    async with store.transaction() as tx:
        await tx.create_incident(INCIDENT)
        await tx.add_event(INCIDENT.id, "incident.opened", "one", NOW)
        await tx.add_event(INCIDENT.id, "person.noted", "two", NOW)
    await asyncio.wait_for(listening, 10)
    assert heard == ["one", "two"]


async def test_a_feed_that_lost_its_connection_says_when_it_listens_again(store: PostgresStore) -> None:
    began, heard = asyncio.Event(), []

    async def listen() -> None:
        async for event in store.listen(began.set):
            heard.append(event.text)
            return

    listening = asyncio.create_task(listen())
    await asyncio.wait_for(began.wait(), 30)
    began.clear()
    async with store.transaction() as tx:
        await tx._rows(
            "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and datname = current_database()"
        )
    await asyncio.wait_for(began.wait(), 30)
    async with store.transaction() as tx:
        await tx.create_incident(INCIDENT)
        await tx.add_event(INCIDENT.id, "incident.opened", "after the cut", NOW)
    await asyncio.wait_for(listening, 30)
    assert heard == ["after the cut"]


async def test_a_dead_database_is_said_so() -> None:
    store = PostgresStore.open("postgresql://nobody@127.0.0.1:1/none")
    assert not await store.healthy()
    with pytest.raises(StoreUnavailable):
        await store.list_incidents()
    await store.close()
