"""How many alerts a second are stored for good, how long a sender waits, and what a kill -9 loses: a real server, a real database."""

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from watchkeeper.app import free_port
from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.bench._servers import Process, api, cpu_seconds
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import libpq_url, migrate

PAYLOAD = 50
CLIENTS = 8
WARM, MEASURED, STORM = 2_000, 12_000, 100_000
_BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
_PACE = 0.75
_WAITS = (0.1,) * 3000
"""Seconds between tries of one delivery: senders go on for long."""


@dataclass(slots=True)
class Answers:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    acknowledged: int = 0
    refused: int = 0
    broken: int = 0


def run(asked: Asked) -> dict[str, Any]:
    """Closed loop for the rate, paced load for the latency, a flood for the first 503, a storm with two kills for the loss."""
    with tempfile.TemporaryDirectory() as folder:
        database = EmbeddedDatabase(Path(folder))
        try:
            url = database.url("intake")
            migrate(url)
            figures = asyncio.run(_measured(url, asked))
            write_json(asked.json_out, figures)
            return figures
        finally:
            database.stop()


async def _measured(url: str, asked: Asked) -> dict[str, Any]:
    port = free_port()
    server = await api(url, port)
    figures: dict[str, Any] = {
        "benchmark": "intake",
        "payload_alerts": PAYLOAD,
        "clients": CLIENTS,
        "fsync": _one(url, "show fsync"),
    }
    try:
        await _send(port, _bodies("warm", WARM), CLIENTS)
        spent = cpu_seconds([server.running.pid])
        rate, answers = await _timed(port, _bodies("closed", MEASURED), CLIENTS)
        figures["alerts_per_second"] = round(rate)
        figures["server_cpu_ms_per_1000_alerts"] = round(1e6 * (cpu_seconds([server.running.pid]) - spent) / MEASURED)
        figures["load_average"] = os.getloadavg()[0]
        figures["closed_loop"] = _waits(answers)
        asked.progress(1, 4)
        paced_rate, paced = await _timed(port, _bodies("paced", MEASURED // 2), CLIENTS, per_second=rate * _PACE)
        figures["paced"] = {"alerts_per_second": round(paced_rate), **_waits(paced)}
        asked.progress(2, 4)
        flood_rate, flood = await _timed(port, _bodies("flood", MEASURED // 2), 160, retry=False)
        figures["flood_of_160_clients"] = {"alerts_per_second": round(flood_rate), **_waits(flood)}
        asked.progress(3, 4)
        figures["bare_copy_rows_per_second"] = round(_copied(url))
        figures["storm"], server = await _storm(url, port, server)
        figures["lists_ms"] = await _lists(port)
        asked.progress(4, 4)
    finally:
        server.end(kill=True)
    return figures


def _bodies(name: str, alerts: int) -> list[bytes]:
    """Deliveries of 50: 40 rules on 300 services of one namespace, each alert different."""
    out = []
    for first in range(0, alerts, PAYLOAD):
        some = [_alert(name, n) for n in range(first, first + PAYLOAD)]
        out.append(json.dumps({"version": "4", "groupKey": "g", "status": "firing", "alerts": some}).encode())
    return out


def _alert(name: str, number: int) -> dict[str, Any]:
    service, rule = f"service-{number % 300}", f"Rule{number % 40}"
    labels = {
        "alertname": rule, "namespace": "shop", "service": service, "severity": ("warning", "critical")[number % 7 == 0],
        "pod": f"{service}-7d9f8b6c5-{number:05d}", "cluster": "eu-1", "run": name,
    }  # fmt: skip
    notes = {"summary": f"{rule} of {service}: {number % 97} %", "runbook_url": f"https://runbooks.example/{rule}"}
    starts = (_BEGIN + timedelta(seconds=number // 100)).isoformat()
    return {
        "status": "firing", "labels": labels, "annotations": notes, "startsAt": starts, "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph?g0.expr=up", "fingerprint": f"{name}-{number}",
    }  # fmt: skip


async def _timed(
    port: int, bodies: Sequence[bytes], clients: int, *, per_second: float = 0, retry: bool = True
) -> tuple[float, Answers]:
    began = time.perf_counter()
    answers = await _send(port, bodies, clients, per_second=per_second, retry=retry)
    return answers.acknowledged / (time.perf_counter() - began), answers


async def _send(
    port: int, bodies: Sequence[bytes], clients: int, *, per_second: float = 0, retry: bool = True
) -> Answers:
    """Every body until it is acknowledged, as Alertmanager does it; `per_second` alerts at most."""
    todo, answers, began = list(reversed(bodies)), Answers(), time.perf_counter()
    total = len(todo)

    async def client(session: aiohttp.ClientSession) -> None:
        while todo:
            body = todo.pop()
            if per_second:
                due = began + (total - len(todo) - 1) * PAYLOAD / per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            for wait in _WAITS:
                if await _post(session, port, body, answers) or not retry:
                    break
                await asyncio.sleep(wait)

    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=clients)) as session,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(clients):
            group.create_task(client(session))
    return answers


async def _post(session: aiohttp.ClientSession, port: int, body: bytes, answers: Answers) -> bool:
    began = time.perf_counter()
    try:
        async with session.post(f"http://127.0.0.1:{port}/api/v1/webhooks/alertmanager", data=body) as answer:
            await answer.read()
            status = answer.status
    except (aiohttp.ClientError, OSError):
        answers.broken += 1
        return False
    if status == 202:
        answers.seconds.append(time.perf_counter() - began)
        answers.acknowledged += PAYLOAD
        return True
    answers.refused += 1
    return False


def _waits(answers: Answers) -> dict[str, Any]:
    waits = sorted(answers.seconds)
    return {
        "p50_ms": _at(waits, 0.5),
        "p99_ms": _at(waits, 0.99),
        "refused_503": answers.refused,
        "acknowledged": answers.acknowledged,
    }


def _at(waits: Sequence[float], share: float) -> float:
    """Milliseconds that this share of the answers took at most."""
    return round(1000 * waits[min(len(waits) - 1, int(share * len(waits)))], 1) if waits else 0.0


async def _storm(url: str, port: int, server: Process) -> tuple[dict[str, Any], Process]:
    """The server is killed twice in the middle, and started again; senders try until they are answered."""
    sending = asyncio.create_task(_send(port, _bodies("storm", STORM), CLIENTS))
    counted = "select count(*) from alerts where fingerprint like 'storm-%'"
    for share in (0.3, 0.6):
        await _until_stored(url, counted, share * STORM)
        server.end(kill=True)
        server = await api(url, port)
    answers = await sending
    stored = int(await asyncio.to_thread(_one, url, counted))
    distinct = int(await asyncio.to_thread(_one, url, counted.replace("count(*)", "count(distinct fingerprint)")))
    return {
        "alerts": STORM, "kills": 2, "acknowledged": answers.acknowledged, "connections_broken": answers.broken,
        "stored": stored, "stored_distinct": distinct, "lost": STORM - distinct, "twice": stored - distinct,
        "incidents": int(await asyncio.to_thread(_one, url, "select count(*) from incidents")),
    }, server  # fmt: skip


async def _until_stored(url: str, counted: str, wanted: float) -> None:
    for _ in range(3000):
        if int(await asyncio.to_thread(_one, url, counted)) >= wanted:
            return
        await asyncio.sleep(0.3)
    raise TimeoutError("the storm does not get on")


async def _lists(port: int) -> dict[str, float]:
    """Median of five first pages each, over everything stored above."""
    out = {}
    async with aiohttp.ClientSession() as session:
        for path in ("/api/v1/alerts", "/api/v1/incidents", "/api/v1/incidents?severity=critical", "/metrics"):
            waits = []
            for _ in range(5):
                began = time.perf_counter()
                async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                    await answer.read()
                waits.append(1000 * (time.perf_counter() - began))
            out[path] = round(statistics.median(waits), 1)
    return out


def _copied(url: str) -> float:
    """Rows a second of a bare COPY of the same rows into a table with the same index, one transaction per 1,000."""
    with psycopg.connect(libpq_url(url)) as connection:
        connection.execute("create table bare (like alerts including defaults)")
        connection.execute("create unique index on bare (source, fingerprint, starts_at, status)")
        rows = connection.execute(
            "select source, fingerprint, starts_at, status, incident_id, because, body::text, received_at from alerts"
        ).fetchall()
        connection.commit()
        began = time.perf_counter()
        for first in range(0, len(rows), 1000):
            with connection.cursor().copy(
                "copy bare (source, fingerprint, starts_at, status, incident_id, because, body, received_at) from stdin"
            ) as copy:
                for row in rows[first : first + 1000]:
                    copy.write_row(row)
            connection.commit()
        return len(rows) / (time.perf_counter() - began)


def _one(url: str, statement: str) -> str:
    with psycopg.connect(libpq_url(url)) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return str(row[0]) if row else ""
