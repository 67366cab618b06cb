"""An organisation's day, ten times over and 24 times as fast, for as long as asked: waits of senders and readers, slope of memory.

A real api and a real worker on a real database; the sources are stand-ins that answer after 50 ms.
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from starlette.routing import Route

from watchkeeper.bench import _organisation as organisation
from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.bench._servers import Process, answering, api, cpu_seconds, family, memory_mib, postmaster, worker
from watchkeeper.bench.rush import Counting
from watchkeeper.domain.clock import SystemClock
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import libpq_url, migrate

MINUTES = 240.0
"""Unless WATCHKEEPER_SOAK_MINUTES says otherwise: four days of the organisation."""
WARM = 1 / 3
"""Share of the run after which the slope of memory counts: caches are full, every path was gone."""
_TICK, _SAMPLE = 0.25, 5.0
_AT_ONCE = 64
_PAGES = ("/api/v1/incidents", "/incidents", "/api/v1/alerts", "/metrics", "/")


@dataclass(slots=True)
class Seen:
    """What senders, readers and the machine told."""

    calm: list[float] = field(default_factory=list)
    burst: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    events: int = 0
    again: int = 0
    broken_pages: int = 0
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """process -> (hours since the start, MiB)"""


def run(asked: Asked) -> dict[str, Any]:
    """Figures; `lost` and `twice` count alerts, `slope_mib_an_hour` is by process after the first third."""
    with tempfile.TemporaryDirectory() as folder:
        database = EmbeddedDatabase(Path(folder))
        try:
            url = database.url("day")
            migrate(url)
            figures = asyncio.run(_played(url, Path(folder), asked))
        finally:
            database.stop()
    write_json(asked.json_out, figures)
    return figures


def minutes() -> float:
    """How long the run is to last."""
    return float(os.environ.get("WATCHKEEPER_SOAK_MINUTES") or MINUTES)


async def _played(url: str, folder: Path, asked: Asked) -> dict[str, Any]:
    seconds, seen, people = 60 * minutes(), Seen(), organisation.Organisation(random.Random(1), SystemClock())
    counting = Counting()
    async with answering(Route("/{path:path}", counting.answer, methods=["GET", "POST"])) as source:
        environment = {
            "PROMETHEUS_URL": source, "LOKI_URL": source, "WATCHKEEPER_SOURCES__KUBERNETES__ENABLED": "false",
            "WATCHKEEPER_SERVER__DELIVERIES_PER_MINUTE": "0", "WATCHKEEPER_STORE__DATA_DIR": str(folder / "data"),
        }  # fmt: skip
        processes = {"api": await api(url, environment=environment), "worker": await worker(url, environment)}
        try:
            began = time.monotonic()
            sampling = asyncio.create_task(_sample(processes, folder, seen, began, seconds, asked))
            reading = asyncio.create_task(_read(processes["api"].port, seen))
            await _send(processes["api"].port, people, seen, began, seconds)
            reading.cancel()
            sampling.cancel()
            await asyncio.gather(reading, sampling, return_exceptions=True)
            used = {name: round(cpu_seconds([p.running.pid]) / seconds, 3) for name, p in processes.items()}
        finally:
            for process in processes.values():
                process.end()
    stored = await asyncio.to_thread(_stored, url)
    return _figures(seconds, seen, people, stored, used)


async def _send(port: int, people: organisation.Organisation, seen: Seen, began: float, seconds: float) -> None:
    """Open loop: what is due is sent, however long the answers to earlier deliveries take."""
    owed, sending, turns = 0.0, set[asyncio.Task[None]](), asyncio.Semaphore(_AT_ONCE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_AT_ONCE)) as session:
        ticks = int(seconds / _TICK)
        for tick in range(ticks):
            await asyncio.sleep(max(0.0, began + tick * _TICK - time.monotonic()))
            of_day = tick * _TICK * organisation.PACE
            owed += organisation.rate(of_day) * _TICK
            burst = organisation.in_burst(of_day)
            for body, alerts in people.deliveries(int(owed), burst):
                seen.events += alerts
                task = asyncio.create_task(_deliver(session, port, body, seen, turns, burst))
                sending.add(task)
                task.add_done_callback(sending.discard)
            owed -= int(owed)
        await asyncio.gather(*sending)


async def _deliver(
    session: aiohttp.ClientSession, port: int, body: bytes, seen: Seen, turns: asyncio.Semaphore, burst: bool
) -> None:
    """Until it is taken; the wait counts from when it was due."""
    due = time.monotonic()
    async with turns:
        while True:
            try:
                async with session.post(f"http://127.0.0.1:{port}/api/v1/webhooks/alertmanager", data=body) as answer:
                    await answer.read()
                    if answer.status == 202:
                        break
            except (aiohttp.ClientError, OSError):
                pass
            seen.again += 1
            await asyncio.sleep(0.5)
    (seen.burst if burst else seen.calm).append(time.monotonic() - due)


async def _read(port: int, seen: Seen) -> None:
    """Somebody looks at a page every second."""
    async with aiohttp.ClientSession() as session:
        for number in range(10**9):
            began = time.monotonic()
            try:
                async with session.get(f"http://127.0.0.1:{port}{_PAGES[number % len(_PAGES)]}") as answer:
                    await answer.read()
                    seen.broken_pages += answer.status >= 400
            except (aiohttp.ClientError, OSError):
                seen.broken_pages += 1
            seen.pages.append(time.monotonic() - began)
            await asyncio.sleep(1)


async def _sample(
    processes: dict[str, Process], folder: Path, seen: Seen, began: float, seconds: float, asked: Asked
) -> None:
    while True:
        at = time.monotonic() - began
        for name, process in processes.items():
            seen.memory.setdefault(name, []).append((at / 3600, memory_mib([process.running.pid])[0]))
        seen.memory.setdefault("postgresql", []).append((at / 3600, memory_mib(family(postmaster(folder)))[1]))
        asked.progress(int(at), int(seconds))
        await asyncio.sleep(_SAMPLE)


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """MiB an hour after the first third: the median of the slopes between the two halves of what is left (one peak moves nothing)."""
    late = samples[int(len(samples) * WARM) :]
    half = len(late) // 2
    rises = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(late[:half], late[half:], strict=False) if b[0] > a[0]]
    return statistics.median(rises) if rises else 0.0


def _stored(url: str) -> dict[str, int]:
    statement = (
        "select (select count(*) from alerts), (select count(distinct (fingerprint, status)) from alerts), "
        "(select count(*) from incidents), (select count(distinct incident_id) from events where kind = 'incident.diagnosed'), "
        "(select count(*) from events where kind = 'incident.diagnosed'), (select max(n) from (select count(*) n from alerts group by incident_id) x), "
        "(select count(*) from procrastinate_jobs where status = 'todo'), pg_database_size(current_database()) / 1048576"
    )
    with psycopg.connect(libpq_url(url)) as connection:
        row = connection.execute(statement.encode()).fetchone()
    names = (
        "alerts",
        "distinct",
        "incidents",
        "diagnosed",
        "diagnoses",
        "alerts_of_largest",
        "jobs_waiting",
        "database_mib",
    )
    return dict(zip(names, (int(n) for n in row or ()), strict=False))


def _figures(
    seconds: float, seen: Seen, people: organisation.Organisation, stored: dict[str, int], used: dict[str, float]
) -> dict[str, Any]:
    return {
        "benchmark": "day", "minutes": round(seconds / 60, 1), "days_played": round(seconds * organisation.PACE / 86_400, 2),
        "events": seen.events, "events_per_second": round(seen.events / seconds, 1), "sent_again": seen.again,
        "calm_ms": percentiles(seen.calm), "burst_ms": percentiles(seen.burst), "pages_ms": percentiles(seen.pages),
        "broken_pages": seen.broken_pages,
        "lost": len(people.told) - stored["distinct"], "twice": stored["alerts"] - stored["distinct"], **stored,
        "cores": used, "memory_mib": {name: _memory(samples) for name, samples in seen.memory.items()},
    }  # fmt: skip


def _memory(samples: Sequence[tuple[float, float]]) -> dict[str, float]:
    late = [m for _, m in samples[int(len(samples) * WARM) :]]
    return {
        "median": round(statistics.median(late), 1) if late else 0.0, "peak": round(max(m for _, m in samples), 1),
        "slope_mib_an_hour": round(slope(samples), 2),
    }  # fmt: skip


def percentiles(waits: Iterable[float]) -> dict[str, float]:
    """Milliseconds that a share of the waits took at most."""
    ordered = sorted(waits)
    return {
        name: round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999))
    }
