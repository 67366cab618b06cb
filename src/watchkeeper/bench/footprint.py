"""What an installation that watches 40 services needs while nothing is wrong: memory, processor, growth of its database.

An api, a worker that scans, and PostgreSQL, with the simulated shop's signals stretched to 40 services behind them.
"""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.bench._servers import answering, api, cpu_seconds, family, memory_mib, postmaster, worker
from watchkeeper.domain.clock import SystemClock
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import libpq_url, migrate

SERVICES, MINUTES, WARM_SECONDS = 40, 5.0, 60.0
MOST_MIB, MOST_CORES = 1024.0, 0.5


def run(asked: Asked) -> dict[str, Any]:
    """Figures of WATCHKEEPER_SOAK_MINUTES (at most an hour; else 5) minutes at rest, after one to warm up."""
    minutes = min(float(os.environ.get("WATCHKEEPER_SOAK_MINUTES") or MINUTES), 60.0)
    with tempfile.TemporaryDirectory() as folder:
        database = EmbeddedDatabase(Path(folder))
        try:
            url = database.url("footprint")
            migrate(url)
            figures = asyncio.run(_rested(url, Path(folder), 60 * minutes, asked))
        finally:
            database.stop()
    write_json(asked.json_out, figures)
    return figures


async def _series(request: Request) -> JSONResponse:
    """Every query has an answer for each of the services: a level of its own that does not move."""
    form = await request.form()
    asked = {**request.query_params, **{k: str(v) for k, v in form.items()}}
    now = SystemClock().now().timestamp()
    start, end = float(asked.get("start", now)), float(asked.get("end", asked.get("time", now)))
    step = max(float(asked.get("step", 60)), 1.0)
    times = [start + n * step for n in range(int((end - start) / step) + 1)]
    ranged = request.url.path.endswith("query_range")
    rows = [
        {
            "metric": {"namespace": "shop", "app": f"service-{n}", "pod": f"service-{n}-7d9f-abcde"},
            **({"values": [[t, str(10 + n)] for t in times]} if ranged else {"value": [end, str(10 + n)]}),
        }
        for n in range(SERVICES)
    ]
    return JSONResponse({"status": "success", "data": {"resultType": "matrix" if ranged else "vector", "result": rows}})


async def _rested(url: str, folder: Path, seconds: float, asked: Asked) -> dict[str, Any]:
    async with answering(Route("/{path:path}", _series, methods=["GET", "POST"])) as source:
        environment = {
            "PROMETHEUS_URL": source, "WATCHKEEPER_SOURCES__KUBERNETES__ENABLED": "false",
            "WATCHKEEPER_STORE__DATA_DIR": str(folder / "data"),
        }  # fmt: skip
        processes = {"api": await api(url, environment=environment), "worker": await worker(url, environment)}
        try:
            await asyncio.sleep(WARM_SECONDS)
            pids = {name: [p.running.pid] for name, p in processes.items()}
            before = {name: cpu_seconds(some) for name, some in pids.items()}
            server, size = cpu_seconds(family(postmaster(folder))), await asyncio.to_thread(_bytes, url)
            rest = int(seconds)
            for done in range(0, rest, 5):
                await asyncio.sleep(5)
                asked.progress(done, rest)
            pids["postgresql"] = family(postmaster(folder))
            used = {name: cpu_seconds(pids[name]) - before.get(name, server) for name in pids}
            grown = await asyncio.to_thread(_bytes, url) - size
            resident = {name: memory_mib(some) for name, some in pids.items()}
        finally:
            for process in processes.values():
                process.end()
    rss = sum(r for r, _ in resident.values())
    pss = sum(p for _, p in resident.values())
    cores = sum(max(0.0, s) for s in used.values()) / seconds
    return {
        "benchmark": "footprint", "services": SERVICES, "minutes": round(seconds / 60, 1),
        "resident_mib": {name: round(r, 1) for name, (r, _) in resident.items()}, "resident_mib_sum": round(rss, 1),
        "proportional_mib_sum": round(pss, 1), "cores": {name: round(max(0.0, s) / seconds, 3) for name, s in used.items()},
        "cores_sum": round(cores, 3), "database_mib_a_day": round(grown / 2**20 * 86_400 / seconds, 1),
        "within": pss <= MOST_MIB and cores <= MOST_CORES,
    }  # fmt: skip


def _bytes(url: str) -> int:
    with psycopg.connect(libpq_url(url)) as connection:
        row = connection.execute("select pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0
