"""How long the server takes for each page of the console and for the lists of the API when years of incidents are stored.

One incident of the simulated world is diagnosed for real; the others are copied from it in the database.
"""

import asyncio
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
from fastapi import FastAPI

from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.bench import worlds
from watchkeeper.bench._asked import Asked, Progress, write_json
from watchkeeper.console.routes import mount
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.diagnose.exhibits import exhibits
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.clock import SystemClock
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.severity import Severity
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugins
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import libpq_url, migrate
from watchkeeper.store.ports.intake import Kept
from watchkeeper.store.postgres import PostgresStore

INCIDENTS, ALERTS_EACH, STORM = 50_000, 10, 5_000
TIMES = 15
"""Each page is asked for so often; the first time is reported apart."""
TEMPLATE, STORMY = "inc-template", "inc-storm"
BUDGET_MS, BUDGET_KB = 150, 150
"""Of overview and incident."""
LIST_MS = 100
"""Of the lists of alerts and incidents over the API."""
LISTS = (
    "/api/v1/alerts", "/api/v1/alerts?limit=500", "/api/v1/incidents", "/api/v1/incidents?limit=500", "/api/v1/incidents?stage=resolved",
    "/api/v1/incidents?stage=awaiting_approval&severity=high",
)  # fmt: skip

_COPIES = (
    "insert into incidents select 'inc-'||n, title||' '||n, case when mod(n, 1000) = 0 then 'awaiting_approval' else 'resolved' end, "
    "severity, environment, namespace, service, now() - n * interval '10 minutes', now() - n * interval '10 minutes', "
    "now() - n * interval '10 minutes', case when mod(n, 1000) = 0 then null else now() - n * interval '10 minutes' + interval '7 minutes' end, "
    "root_cause, cause_service, cause_kind, confidence, because, attempt, version "
    "from incidents, generate_series(1, %(incidents)s) n where id = 'inc-template'",
    "insert into alerts (source, fingerprint, starts_at, status, incident_id, because, body, received_at) "
    "select source, fingerprint||'-'||n||'-'||k, now() - n * interval '10 minutes', status, 'inc-'||n, because, body, "
    "now() - n * interval '10 minutes' + k * interval '1 second' from alerts, generate_series(%(incidents)s, 1, -1) n, "
    "generate_series(1, %(each)s) k where incident_id = 'inc-template'",
    "insert into events (incident_id, at, kind, text, data) select 'inc-'||n, now() - n * interval '10 minutes' + k * interval '1 minute', "
    "(array['incident.opened', 'alert.joined', 'incident.diagnosed', 'plan.proposed', 'change.started', 'incident.resolved'])[k], "
    "'something happened, as it does at night', '{}' from generate_series(%(incidents)s, 1, -1) n, generate_series(1, 6) k",
    "insert into alerts (source, fingerprint, starts_at, status, incident_id, because, body, received_at) "
    "select source, fingerprint||'-s-'||k, now(), status, 'inc-storm', because, body, now() from alerts, "
    "generate_series(1, %(storm)s) k where incident_id = 'inc-template'",
    "insert into events (incident_id, at, kind, text, data) select 'inc-storm', now(), 'alert.joined', 'alert '||k||' joined', '{}' "
    "from generate_series(1, %(storm)s) k",
    "insert into diagnoses (incident_id, at, body) select 'inc-storm', at, body from diagnoses where incident_id = 'inc-template'",
    "insert into exhibits (incident_id, body) select 'inc-storm', body from exhibits where incident_id = 'inc-template'",
)


def run(asked: Asked) -> dict[str, Any]:
    """Milliseconds and kilobytes of each page, and whether overview, incident and lists keep to their budgets."""
    with tempfile.TemporaryDirectory() as folder:
        database = EmbeddedDatabase(Path(folder))
        try:
            url = database.url("console")
            migrate(url)
            figures = asyncio.run(measured(url, INCIDENTS, STORM, asked.progress))
        finally:
            database.stop()
    write_json(asked.json_out, figures)
    return figures


async def measured(url: str, incidents: int, storm: int, progress: Progress) -> dict[str, Any]:
    """Fill, ask for every page, count."""
    began = time.monotonic()
    store = PostgresStore.open(url)
    try:
        await fill(store, url, incidents, storm)
        filled = time.monotonic() - began
        pages = await _pages(store, progress)
    finally:
        await store.close()
    watched = [pages[name] for name in ("/", f"/incidents/{TEMPLATE}", f"/incidents/{STORMY}")]
    lists = [page for name, page in pages.items() if name.startswith("/api/")]
    return {
        "benchmark": "console", "incidents": incidents, "alerts": incidents * ALERTS_EACH, "storm": storm, "seconds_to_fill": round(filled, 1),
        "within_budget": all(p["median_ms"] <= BUDGET_MS and p["kilobytes"] <= BUDGET_KB for p in watched),
        "lists_within_budget": all(p["median_ms"] <= LIST_MS for p in lists), "pages": pages,
    }  # fmt: skip


async def fill(store: PostgresStore, url: str, incidents: int, storm: int) -> None:
    """One real incident, and the others copied from it."""
    now = SystemClock().now()
    play = next(p for p in worlds.every_play() if p.name == "pool_exhausted")
    evidence = await worlds.staged(play, 1)
    found = diagnose(evidence)
    async with store.transaction() as tx:
        for name in (TEMPLATE, STORMY):
            await tx.create_incident(
                Incident(
                    name, "checkout is slow", Stage.ESCALATED, Severity.HIGH, "production", "shop", "checkout", now, now, now,
                    root_cause="the connection pool is exhausted", cause_service="payment", cause_kind="pool_exhausted", confidence=0.9,
                )
            )  # fmt: skip
        alert = Alert(
            source="alertmanager", fingerprint="f1", status=AlertStatus.FIRING, name="HighLatency",
            labels={"alertname": "HighLatency", "namespace": "shop", "app": "checkout", "severity": "critical"},
            annotations={"summary": "checkout is slow"}, starts_at=now - timedelta(minutes=5), ends_at=None, received_at=now,
        )  # fmt: skip
        await tx.keep_alerts([Kept(alert, TEMPLATE, "no open incident is related to it in time and place")])
        await tx.save_diagnosis(TEMPLATE, found, now)
        await tx.save_exhibits(TEMPLATE, exhibits(evidence, found))
        await tx.add_event(TEMPLATE, "incident.opened", "checkout is slow", now)
    async with await psycopg.AsyncConnection.connect(libpq_url(url), autocommit=True) as connection:
        values = {"incidents": incidents, "each": ALERTS_EACH, "storm": storm}
        for statement in _COPIES:
            await connection.execute(statement.encode(), values)
        await connection.execute("analyze")


async def _pages(store: PostgresStore, progress: Progress) -> dict[str, Any]:
    settings = Settings.model_validate({"server": {"loopback_without_login": True}})
    house = front.build_house(settings, store)
    doors = create_app(house, access=Access(front.StoredTokens(house), house.ids, settings.server))
    mount(doors)
    paths = [p.path for p in plugins("watchkeeper.console.pages", "PAGE").values() if "{" not in p.path]
    paths += [
        f"/incidents/{TEMPLATE}",
        f"/incidents/{STORMY}",
        "/incidents/inc-77",
        "/incidents?stage=resolved",
        "/alerts?incident=inc-77",
        *LISTS,
        await _deep(doors, "/api/v1/alerts"),
        await _deep(doors, "/api/v1/incidents"),
    ]
    found = {}
    async with httpx.AsyncClient(transport=_transport(doors), base_url="http://console", timeout=120) as client:
        for number, path in enumerate(sorted(paths), 1):
            found[path] = await _page(client, path)
            progress(number, len(paths))
    return found


async def _deep(doors: FastAPI, path: str) -> str:
    """The address of a page far behind the first ones."""
    cursor = ""
    async with httpx.AsyncClient(transport=_transport(doors), base_url="http://console", timeout=120) as client:
        for _ in range(20):
            answer = (await client.get(path, params={"limit": 500, "cursor": cursor})).json()
            if not answer["cursor"]:
                break
            cursor = answer["cursor"]
    return f"{path}?cursor={quote(cursor)}"


def _transport(doors: FastAPI) -> httpx.ASGITransport:
    return httpx.ASGITransport(doors, client=("127.0.0.1", 1))


async def _page(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    took, size, status = [], 0, 0
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = await client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        size, status = len(answer.content), answer.status_code
    return {
        "status": status, "median_ms": round(statistics.median(took[1:]), 1), "best_ms": round(min(took[1:]), 1), "worst_ms": round(max(took[1:]), 1),
        "first_ms": round(took[0], 1), "kilobytes": round(size / 1000, 1),
    }  # fmt: skip
