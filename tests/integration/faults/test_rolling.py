"""Two api and two worker processes are replaced one after the other, first asked to go, then killed, while senders go on."""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integration.faults.notes import note
from integration.faults.parts import delivery
from watchkeeper.bench._servers import Process, answering, api, worker
from watchkeeper.store.migrate import libpq_url

PER_SECOND = 10


class Sender:
    """Takes the replicas in turn, as a service of Kubernetes does; tries again after no answer and after 5xx, as Alertmanager does."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = itertools.cycle(ports)
        self.answers: Counter[int] = Counter()
        """status -> how often; 0: no answer"""
        self.taken = 0
        self.failed: list[int] = []

    async def run(self, stop: asyncio.Event) -> int:
        """How many deliveries were begun."""
        async with httpx.AsyncClient(timeout=10) as client, asyncio.TaskGroup() as group:
            for number in itertools.count():
                if stop.is_set():
                    break
                group.create_task(self._deliver(client, number))
                await asyncio.sleep(1 / PER_SECOND)
        return number

    async def _deliver(self, client: httpx.AsyncClient, number: int) -> None:
        for _ in range(40):
            url = f"http://127.0.0.1:{next(self._ports)}/api/v1/webhooks/alertmanager"
            try:
                status = (await client.post(url, content=delivery(number))).status_code
            except httpx.TransportError:
                status = 0
            self.answers[status] += 1
            if status == 202:
                self.taken += 1
                return
            await asyncio.sleep(1)
        self.failed.append(number)


async def replaced(
    apis: list[Process], workers: list[Process], url: str, environment: dict[str, str], *, kill: bool
) -> list[int]:
    """Each process in turn by a new one, which is ready before the next goes; exit statuses of those that were asked."""
    statuses = []
    for number, old in enumerate(apis):
        statuses.append(await asyncio.to_thread(lambda old=old: old.end(kill=kill)))
        apis[number] = await api(url, old.port, environment)
    for number, old in enumerate(workers):
        statuses.append(await asyncio.to_thread(lambda old=old: old.end(kill=kill)))
        workers[number] = await worker(url, environment)
    return statuses


async def within(seconds: float, true: Callable[[], Any]) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(true):
            await asyncio.sleep(0.5)


def one(url: str, statement: str) -> int:
    with psycopg.connect(libpq_url(url)) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return int(row[0]) if row else 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kill", [False, True], ids=["rolling", "killed"])
async def test_replicas_are_replaced_under_load(database_url: str, kill: bool) -> None:
    heard: Counter[tuple[str, str, str]] = Counter()

    async def hear(request: Request) -> Response:
        said = json.loads(await request.body())
        heard[said["incident_id"], said["kind"], "; ".join(said["lines"])] += 1
        return Response()

    async with answering(Route("/hook", hear, methods=["POST"])) as hook:
        environment = {
            "WATCHKEEPER_NOTIFY__WEBHOOK__URL": f"{hook}/hook", "WATCHKEEPER_EVIDENCE__SETTLE_SECONDS": "1",
            "WATCHKEEPER_STORE__SWEEP_SECONDS": "2", "WATCHKEEPER_SOURCES__KUBERNETES__ENABLED": "false",
        }  # fmt: skip
        apis = list(await asyncio.gather(*(api(database_url, environment=environment) for _ in range(2))))
        workers = list(await asyncio.gather(*(worker(database_url, environment) for _ in range(2))))
        sender, stop = Sender([p.port for p in apis]), asyncio.Event()
        sending = asyncio.create_task(sender.run(stop))
        try:
            await asyncio.sleep(3)
            statuses = await replaced(apis, workers, database_url, environment, kill=kill)
            await asyncio.sleep(3)
            stop.set()
            sent = await sending
            owed = "select (select count(*) from events where owed) + (select count(*) from deliveries)"
            undiagnosed = "select count(*) from incidents where stage = 'opened'"
            await within(120, lambda: one(database_url, undiagnosed) == 0)
            await within(60, lambda: one(database_url, owed) == 0)
        finally:
            stop.set()
            for process in (*apis, *workers):
                await asyncio.to_thread(process.end)
    stored = one(database_url, "select count(*) from alerts")
    distinct = one(database_url, "select count(distinct fingerprint) from alerts")
    opened = one(
        database_url, "select count(*) - count(distinct incident_id) from events where kind = 'incident.opened'"
    )
    diagnosed = "select coalesce(sum(n - 1), 0) from (select count(*) n from events where kind = 'incident.diagnosed' group by incident_id, text) x"
    twice = opened + (stored - distinct) + sum(n - 1 for n in heard.values())
    print(
        f"{'killed' if kill else 'rolling'}: {sent} deliveries, {dict(sender.answers)} (0: no answer), failed for good {len(sender.failed)}, "
        f"alerts {stored}, twice {twice}, diagnoses repeated {one(database_url, diagnosed)}, notices {sum(heard.values())}"
    )  # fmt: skip
    assert (sender.failed, stored, distinct) == ([], sent, sent)
    assert set(sender.answers) <= {202, 503, 0}
    assert kill or statuses == [0, 0, 0, 0]
    assert heard
    assert opened == 0
    # Said again only where a worker was killed between saying and noting: receivers tell it by `dedup_key` and `kind`.
    assert kill or twice == 0
    note(
        "api and workers killed (kill -9), one after the other, under load" if kill else "rolling restart of two api and two workers under load",
        f"{sent} deliveries: {sender.answers[0]} tries without an answer, {sender.answers[503]} with 503, all taken when tried again",
        "at the next try, on the other replica", sent - distinct, twice,
    )  # fmt: skip
