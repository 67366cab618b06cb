"""What 1, 2 and 4 processes of each kind do on one PostgreSQL: alerts taken in and incidents worked a second."""

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from starlette.routing import Route

from watchkeeper.bench._servers import Process, answering, api, cpu_seconds, worker
from watchkeeper.bench.rush import Counting
from watchkeeper.domain.clock import SystemClock
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import libpq_url, migrate

COUNTS = (1, 2, 4)
_PAYLOAD, _CLIENTS, _SECONDS = 50, 8, 10.0
_INCIDENTS = 40
_MOST_SECONDS = 300


def measured() -> dict[str, Any]:
    """`intake` and `incidents`: a row for each number of processes."""
    with tempfile.TemporaryDirectory() as folder:
        database = EmbeddedDatabase(Path(folder))
        try:
            return asyncio.run(_all(database))
        finally:
            database.stop()


async def _all(database: EmbeddedDatabase) -> dict[str, Any]:
    intake, incidents = [], []
    for count in COUNTS:
        url = database.url(f"scale_{count}")
        migrate(url)
        intake.append(await _intake(url, count))
        incidents.append(await _worked(url, count))
    return {"intake": intake, "incidents": incidents}


async def _intake(url: str, count: int) -> dict[str, Any]:
    """Closed loop over so many api processes for some seconds."""
    apis = list(
        await asyncio.gather(*(api(url, environment={"WATCHKEEPER_SERVER__DELIVERIES_PER_MINUTE": "0"}) for _ in range(count)))
    )  # fmt: skip
    try:
        numbers, taken, waits = iter(range(10**9)), 0, list[float]()
        end = time.monotonic() + _SECONDS
        used = cpu_seconds([p.running.pid for p in apis])

        async def client(session: aiohttp.ClientSession, port: int) -> None:
            nonlocal taken
            while time.monotonic() < end:
                began = time.monotonic()
                async with session.post(
                    f"http://127.0.0.1:{port}/api/v1/webhooks/alertmanager", data=_body(next(numbers))
                ) as answer:
                    await answer.read()
                    if answer.status == 202:
                        taken += _PAYLOAD
                        waits.append(time.monotonic() - began)

        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for number in range(_CLIENTS):
                group.create_task(client(session, apis[number % count].port))
        used = cpu_seconds([p.running.pid for p in apis]) - used
        return {
            "processes": count, "alerts_per_second": round(taken / _SECONDS),
            "cpu_ms_per_1000_alerts": round(1e6 * used / taken) if taken else None,
            "p50_ms": round(1000 * sorted(waits)[len(waits) // 2], 1) if waits else None,
        }  # fmt: skip
    finally:
        _end(apis)


async def _worked(url: str, count: int) -> dict[str, Any]:
    """Incidents that lie there already, until all are diagnosed."""
    counting = Counting()
    async with answering(Route("/{path:path}", counting.answer, methods=["GET", "POST"])) as source:
        environment = {
            "PROMETHEUS_URL": source, "LOKI_URL": source, "WATCHKEEPER_SOURCES__KUBERNETES__ENABLED": "false",
            "WATCHKEEPER_EVIDENCE__SETTLE_SECONDS": "0",
        }  # fmt: skip
        door = await api(url, environment=environment)
        workers: list[Process] = []
        try:
            async with aiohttp.ClientSession() as session:
                for number in range(_INCIDENTS):
                    body = _incident(number)
                    async with session.post(
                        f"http://127.0.0.1:{door.port}/api/v1/webhooks/alertmanager", data=body
                    ) as answer:
                        await answer.read()
            before = await asyncio.to_thread(_diagnosed, url)
            workers += await asyncio.gather(*(worker(url, environment) for _ in range(count)))
            pids = [p.running.pid for p in workers]
            began, used = time.monotonic(), cpu_seconds(pids)
            first = await asyncio.to_thread(_diagnosed, url) - before
            while (done := await asyncio.to_thread(_diagnosed, url) - before) < _INCIDENTS:
                if time.monotonic() - began > _MOST_SECONDS:
                    break
                await asyncio.sleep(0.2)
            seconds, used = time.monotonic() - began, cpu_seconds(pids) - used
        finally:
            _end([door, *workers])
    worked = done - first
    return {
        "processes": count, "incidents_per_second": round(worked / seconds, 2) if seconds else None, "worked": done,
        "cpu_seconds_an_incident": round(used / worked, 2) if worked else None,
    }  # fmt: skip


def _end(processes: Sequence[Process]) -> None:
    for process in processes:
        process.end(kill=True)


def _diagnosed(url: str) -> int:
    with psycopg.connect(libpq_url(url)) as connection:
        row = connection.execute("select count(*) from events where kind = 'incident.diagnosed'").fetchone()
    return int(row[0]) if row else 0


def _body(number: int) -> bytes:
    """A delivery of 50 alerts that nobody sent before."""
    return _delivery([_alert(f"{number}-{n}", f"service-{n}", "shop", 0.0) for n in range(_PAYLOAD)])


def _incident(number: int) -> bytes:
    """An alert that joins no other: its own namespace, and earlier than its neighbours."""
    return _delivery([_alert(f"i-{number}", f"alone-{number}", f"team-{number}", 7200.0 + 30.0 * number)])


def _alert(fingerprint: str, service: str, namespace: str, seconds_ago: float) -> dict[str, Any]:
    at = SystemClock().now() - timedelta(seconds=seconds_ago)
    return {
        "status": "firing", "labels": {"alertname": f"Broken-{service}", "namespace": namespace, "service": service, "severity": "warning"},
        "annotations": {"summary": "it is slow"}, "startsAt": at.isoformat(), "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph?g0.expr=up", "fingerprint": fingerprint,
    }  # fmt: skip


def _delivery(alerts: list[dict[str, Any]]) -> bytes:
    return json.dumps({"version": "4", "groupKey": "g", "status": "firing", "alerts": alerts}).encode()
