"""The network between a worker and the database is cut: packets vanish, and nobody is told. Needs network namespaces (root, Linux)."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import yaml

from integration.faults.notes import note
from integration.faults.parts import Postgres, counted, send
from tests_support import ALERT, INCIDENT
from watchkeeper import app as front
from watchkeeper.settings import Settings
from watchkeeper.store.migrate import migrate
from watchkeeper.store.postgres import PostgresStore

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.server("ip"),
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]
ADDRESS, PEER, NETWORK = "10.213.77.1", "10.213.77.2", "10.213.77.0/24"
HOLDS = """
import asyncio, sys
from watchkeeper.store.postgres import PostgresStore
async def main():
    store = PostgresStore.open(sys.argv[1])
    async with store.transaction() as tx:
        await tx.lock("intake")
        print("held", flush=True)
        await asyncio.sleep(3600)
asyncio.run(main())
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass
class Cable:
    """This machine and a namespace on one bridge; `cut` takes the namespace's port off it."""

    name: str

    def cut(self) -> None:
        ip("link", "set", f"{self.name}p", "nomaster")

    def mend(self) -> None:
        ip("link", "set", f"{self.name}p", "master", f"{self.name}b")

    def inside(self, *command: str, **environment: str) -> "subprocess.Popen[bytes]":
        """A process that lives in the namespace."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.name, *command], env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )  # fmt: skip


@contextmanager
def cable(name: str) -> Iterator[Cable]:
    try:
        ip("netns", "add", name)
        ip("link", "add", f"{name}b", "type", "bridge")
        ip("link", "add", f"{name}h", "type", "veth", "peer", "name", f"{name}q")
        ip("link", "add", f"{name}p", "type", "veth", "peer", "name", "eth0", "netns", name)
        for port in (f"{name}q", f"{name}p"):
            ip("link", "set", port, "master", f"{name}b")
        ip("addr", "add", f"{ADDRESS}/24", "dev", f"{name}h")
        for device in ("b", "h", "q", "p"):
            ip("link", "set", f"{name}{device}", "up")
        ip("-n", name, "addr", "add", f"{PEER}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            ip("-n", name, "link", "set", device, "up")
        yield Cable(name)
    finally:
        for device in ("p", "h", "b"):
            subprocess.run(["ip", "link", "del", f"{name}{device}"], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture
def wire() -> Iterator[Cable]:
    with cable(f"wk{os.getpid() % 100_000}") as made:
        yield made


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "data")
    migrate(server.url)
    yield server
    server.database.stop()


async def until(store: PostgresStore, statement: str, seconds: float = 120) -> float:
    """How long it took until the statement said true."""
    began = time.monotonic()
    while not (await store._rows(f"select ({statement}) as it"))[0]["it"]:
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {statement}"
        await asyncio.sleep(0.2)
    return time.monotonic() - began


async def opened_incidents(store: PostgresStore, first: int, count: int) -> None:
    now = (await store._rows("select now() as at"))[0]["at"]
    async with store.transaction() as tx:
        for number in range(first, first + count):
            made = replace(INCIDENT, id=f"inc-{number}", opened_at=now, onset=now, updated_at=now)
            await tx.create_incident(made)
            alert = replace(ALERT, fingerprint=f"f{number}", starts_at=now, received_at=now)
            await tx.add_alert(alert, made.id, "first")
            await tx.defer_step(made.id)


async def test_a_worker_behind_a_cut_network_is_taken_over(tmp_path: Path, postgres: Postgres, wire: Cable) -> None:
    far = postgres.listen(ADDRESS, NETWORK)
    config = {"store": {"sweep_seconds": 1}, "evidence": {"settle_seconds": 0}, "sources": {"kubernetes": {"enabled": False}}}  # fmt: skip
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    command = (sys.executable, "-m", "watchkeeper", "worker", "--stalled-seconds", "4", "--config", str(tmp_path / "config.yaml"))  # fmt: skip
    store = PostgresStore.open(postgres.url)
    inside = wire.inside(*command, DATABASE_URL=far)
    outside: subprocess.Popen[bytes] | None = None
    diagnosed = "(select count(distinct incident_id) from events where kind = 'incident.diagnosed')"
    try:
        await opened_incidents(store, 0, 10)
        await until(store, f"{diagnosed} = 10")
        await opened_incidents(store, 10, 40)
        await until(store, f"{diagnosed} > 12")
        wire.cut()
        outside = subprocess.Popen(
            command, env={**os.environ, "DATABASE_URL": postgres.url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )  # fmt: skip
        taken_over = await until(store, f"{diagnosed} = 50")
        outside.terminate()
        await asyncio.to_thread(outside.wait, 40)
        assert inside.poll() is None, "the worker ended with its network"
        wire.mend()
        await opened_incidents(store, 50, 5)
        back = await until(store, f"{diagnosed} = 55")
        said = await store._rows("select count(*) n from events where kind = 'incident.diagnosed'")
        assert (await store.verify_audit())[0]
    finally:
        for process in (inside, outside):
            if process is not None:
                process.kill()
                process.wait()
        await store.close()
    assert said[0]["n"] == 55
    note(
        "network cut between a worker and the database (namespaces), 40 incidents under way",
        "the log of the worker: it waits for the database; another worker takes its steps over",
        f"taken over and worked {taken_over:.0f} s after the cut; the worker works again {back:.0f} s after the network is back",
        0, said[0]["n"] - 55,
    )  # fmt: skip


async def test_what_a_lost_process_held_is_given_back(postgres: Postgres, wire: Cable) -> None:
    """It took the turn of the intake and was cut off: without limits everybody would wait for two hours."""
    far = postgres.listen(ADDRESS, NETWORK)
    holding = wire.inside(sys.executable, "-c", HOLDS, far)
    try:
        assert holding.stdout is not None
        assert (await asyncio.to_thread(holding.stdout.readline)).strip() == b"held"
        wire.cut()
        began = time.monotonic()
        port, stop, answers = front.free_port(), asyncio.Event(), list[int]()
        settings = Settings.model_validate({"store": {"database_url": postgres.url}})
        async with front.open_house(settings) as opened:
            serving = asyncio.create_task(front.serve(opened, stop, host="127.0.0.1", port=port))
            await asyncio.sleep(1)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                async with asyncio.timeout(120):
                    await asyncio.gather(*(send(client, n, answers) for n in range(20)))
            waited = time.monotonic() - began
            rows = await counted(opened.store)
            stop.set()
            await serving
    finally:
        holding.kill()
        holding.wait()
    assert rows["alerts"] == rows["distinct_alerts"] == 20
    note(
        "network cut while a process holds the turn of the intake", f"senders wait and try again ({answers.count(0)} of {len(answers)} tries unanswered)",
        f"all taken {waited:.0f} s after the cut", 20 - rows["distinct_alerts"], rows["alerts"] - rows["distinct_alerts"],
    )  # fmt: skip
