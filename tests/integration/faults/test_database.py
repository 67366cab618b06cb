"""PostgreSQL goes away and comes back under load; Redis is gone."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from integration.faults.notes import note
from integration.faults.parts import Postgres, counted, send
from tests_support import INCIDENT, NOW
from watchkeeper import app as front
from watchkeeper.settings import Settings
from watchkeeper.store.migrate import migrate


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "data")
    migrate(server.url)
    yield server
    server.database.stop()


async def outage(postgres: Postgres, seconds: float, deliveries: int) -> None:
    port = front.free_port()
    settings = Settings.model_validate(
        {"store": {"database_url": postgres.url, "sweep_seconds": 1}, "evidence": {"settle_seconds": 0}}
    )
    async with front.open_house(settings) as opened:
        stop, answers = asyncio.Event(), list[int]()
        serving = asyncio.create_task(front.serve(opened, stop, host="127.0.0.1", port=port))
        working = asyncio.create_task(front.work(opened, stop, stalled_seconds=3))
        await asyncio.sleep(1)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await send(client, 0, answers)
            await asyncio.to_thread(postgres.stop)
            sending = [asyncio.create_task(send(client, n, answers)) for n in range(1, deliveries)]
            await asyncio.sleep(seconds)
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/readyz")).status_code == 503
            page = await client.get("/incidents", headers={"Authorization": "Bearer wk_x"})
            assert "Nothing is lost" in page.text
            assert 503 in answers
            await asyncio.to_thread(postgres.start)
            back = time.monotonic()
            await asyncio.gather(*sending)
            recovered = time.monotonic() - back
            assert (await client.get("/readyz")).status_code == 200
        await asyncio.sleep(2)
        assert not working.done(), "the worker ended with the database"
        rows = await counted(opened.store)
        assert (rows["alerts"], rows["distinct_alerts"]) == (deliveries, deliveries)
        assert rows["incidents"] == rows["opened"] <= 5
        assert (await opened.store.verify_audit())[0]
        stop.set()
        await asyncio.gather(serving, working, return_exceptions=True)
    lost, doubled = deliveries - rows["distinct_alerts"], rows["alerts"] - rows["distinct_alerts"]
    note(
        f"PostgreSQL killed, {seconds:g} s away, {deliveries} deliveries meanwhile",
        "503 with Retry-After at the doors, /readyz 503, the console says that nothing is lost",
        f"all taken {recovered:.1f} s after its start", lost, doubled,
    )  # fmt: skip


async def test_the_database_goes_and_comes_back(postgres: Postgres) -> None:
    await outage(postgres, 2, 20)


@pytest.mark.slow
async def test_the_database_is_away_for_half_a_minute(postgres: Postgres) -> None:
    await outage(postgres, 30, 200)


async def test_without_redis_the_feed_goes_on_by_notify(database_url: str) -> None:
    port = front.free_port()
    store = {"database_url": database_url, "redis_url": f"redis://127.0.0.1:{port}/0"}
    async with front.open_house(Settings.model_validate({"store": store})) as opened:
        heard: list[str] = []

        async def listen() -> None:
            async for event in opened.store.listen():
                heard.append(event.text)

        listening = asyncio.create_task(listen())
        async with asyncio.timeout(30):
            while not heard:
                await asyncio.sleep(0.3)
                async with opened.store.transaction() as tx:
                    if not await tx.open_incidents():
                        await tx.create_incident(INCIDENT)
                    await tx.add_event("inc-1", "incident.opened", "it hurts", NOW)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    assert heard[0] == "it hurts"
    note("Redis gone", "nothing: the live feed goes on over LISTEN/NOTIFY", "at the next event", 0, 0)
