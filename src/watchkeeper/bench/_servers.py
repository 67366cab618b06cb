"""Our own processes as a benchmark starts them, and what they use of the machine (read from /proc: Linux only)."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from watchkeeper.app import free_port

_READY_TRIES = 3000
"""Tenths of a second: four processes that start at once on two cores take their time."""
_COMMON = {"WATCHKEEPER_LOG__LEVEL": "error", "WATCHKEEPER_SERVER__LOOPBACK_WITHOUT_LOGIN": "true"}


@dataclass(slots=True)
class Process:
    """One of ours. `port` answers HTTP: the doors of an api, the metrics of a worker."""

    running: "subprocess.Popen[bytes]"
    port: int

    def end(self, *, kill: bool = False) -> int:
        """Its exit status, after it was asked (or made) to go."""
        self.running.kill() if kill else self.running.terminate()
        return self.running.wait(60)


async def api(database: str, port: int = 0, environment: Mapping[str, str] | None = None) -> Process:
    """The doors without a worker, ready."""
    port = port or free_port()
    made = _started(database, environment, "serve", "--no-worker", "--port", str(port))
    await _answers(made, f"http://127.0.0.1:{port}/readyz")
    return Process(made, port)


async def worker(database: str, environment: Mapping[str, str] | None = None) -> Process:
    """A worker, ready."""
    port = free_port()
    made = _started(
        database, {**(environment or {}), "WATCHKEEPER_SERVER__WORKER_PORT": str(port)}, "worker", "--stalled-seconds", "5"
    )  # fmt: skip
    await _answers(made, f"http://127.0.0.1:{port}/metrics")
    return Process(made, port)


def _started(database: str, environment: Mapping[str, str] | None, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "watchkeeper", *arguments],
        env={**os.environ, **_COMMON, "DATABASE_URL": database, **(environment or {})},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def _answers(process: "subprocess.Popen[bytes]", url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(_READY_TRIES):
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if process.poll() is not None:
                break
            await asyncio.sleep(0.1)
    process.kill()
    raise TimeoutError(f"{process.args!r} does not start")


@asynccontextmanager
async def answering(*routes: BaseRoute) -> AsyncIterator[str]:
    """A stand-in server in this process; its URL."""
    port = free_port()
    app = Starlette(routes=routes)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    serving = asyncio.create_task(server.serve())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time used so far; 0 where the system does not tell (no /proc)."""
    return sum(_cpu(pid) for pid in pids)


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pids: Iterable[int]) -> tuple[float, float]:
    """(resident, proportional): the second counts a page that several processes share once."""
    rss = pss = 0.0
    for pid in pids:
        try:
            said = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        found = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB", said, re.MULTILINE))
        rss += int(found.get("Rss", 0)) / 1024
        pss += int(found.get("Pss", 0)) / 1024
    return rss, pss


def family(pid: int) -> list[int]:
    """The process and everything it started that still runs."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(p for child in children for p in family(int(child)))]


def postmaster(folder: Path) -> int:
    """The process id of the embedded PostgreSQL on this folder."""
    return int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
