"""A hundred incidents in one minute: what our sources are asked at most at once, and in what order incidents are worked."""

import asyncio
import json
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from watchkeeper import app as front
from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.clock import SystemClock
from watchkeeper.settings import Settings
from watchkeeper.workflows.house import House
from watchkeeper.workflows.receive_alerts import receive_alerts

INCIDENTS = 100
_WORDS = ("info", "warning", "high", "critical")
_MOST_SECONDS = 240
_LINES = 200


@dataclass(slots=True)
class Counting:
    """A server that answers as Prometheus and Loki do, slowly, and counts."""

    now: Counter[str] = field(default_factory=Counter)
    peak: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: Request) -> JSONResponse:
        """Empty matrices; log lines as many as make some bytes."""
        kind = "loki" if "/loki/" in request.url.path else "prometheus"
        self.now[kind] += 1
        self.peak[kind] = max(self.peak[kind], self.now[kind])
        self.asked[kind] += 1
        try:
            await asyncio.sleep(0.05)
            body = _lines() if kind == "loki" else {"status": "success", "data": {"resultType": "matrix", "result": []}}
            self.sent[kind] += len(json.dumps(body))
            return JSONResponse(body)
        finally:
            self.now[kind] -= 1


def _lines() -> dict[str, Any]:
    at = time.time_ns()
    values = [
        [str(at - n * 1_000_000), f"level=info msg=request number={n} done in {n % 90} ms"] for n in range(_LINES)
    ]
    stream = {"stream": {"app": "shop", "namespace": "shop"}, "values": values}
    return {"status": "success", "data": {"resultType": "streams", "result": [stream]}}


def run(asked: Asked) -> dict[str, Any]:
    """Figures; `within_budget` is false where a source was asked more at once, or for more bytes, than its settings allow."""
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_rush(Path(folder), asked))
    write_json(asked.json_out, figures)
    return figures


async def _rush(folder: Path, asked: Asked) -> dict[str, Any]:
    counting, port = Counting(), front.free_port()
    routes = [Route("/{path:path}", counting.answer, methods=["GET", "POST"])]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="error"))
    url = f"http://127.0.0.1:{port}"
    settings = Settings.model_validate(
        {
            "sources": {"prometheus": {"url": url}, "loki": {"url": url}, "kubernetes": {"enabled": False}},
            "store": {"data_dir": str(folder)}, "evidence": {"settle_seconds": 5}, "correlation": {"storm_alerts_per_minute": 10_000},
        }
    )  # fmt: skip
    stop = asyncio.Event()
    async with front.open_house(settings) as opened, asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        began = time.monotonic()
        await receive_alerts(opened.house, _alerts())
        group.create_task(front.work(opened, stop))
        order = await _order(opened.house, asked)
        stop.set()
        server.should_exit = True
        spent = await opened.store._rows(
            "select max(bytes) filter (where account like 'loki%') b, max(queries) filter (where account like 'loki%') q from spending"
        )
    return _figures(settings, counting, order, time.monotonic() - began, spent[0])


def _alerts() -> list[Alert]:
    now = SystemClock().now()
    one = Alert("alertmanager", "", AlertStatus.FIRING, "Broken", {}, {}, now, None, now)
    return [
        replace(
            one, fingerprint=f"rush-{n}", starts_at=now - timedelta(seconds=0.5 * n),
            labels={"alertname": f"Broken{n}", "namespace": f"team-{n}", "app": f"service-{n}", "severity": _WORDS[n % 4]},
        )
        for n in range(INCIDENTS)
    ]  # fmt: skip


async def _order(house: House, asked: Asked) -> list[str]:
    """The severities the alerts came with, in the order their incidents were diagnosed."""
    rows: list[dict[str, Any]] = []
    for _ in range(_MOST_SECONDS):
        page = await house.store.list_alerts(limit=500)
        said = {a.incident_id: a.alert.labels["severity"] for a in page.items}
        async with house.store.transaction() as tx:
            rows = [
                {"id": e.id, "severity": said[i]}
                for i in said for e in await tx.events(i) if e.kind == "incident.diagnosed"
            ]  # fmt: skip
        asked.progress(len(rows), INCIDENTS)
        if len(rows) >= INCIDENTS:
            break
        await asyncio.sleep(1)
    return [r["severity"] for r in sorted(rows, key=lambda r: r["id"])]


def _figures(
    settings: Settings, counting: Counting, order: list[str], seconds: float, spent: dict[str, Any]
) -> dict[str, Any]:
    loki, prometheus = settings.sources.loki, settings.sources.prometheus
    quarter = order[: INCIDENTS // 4]
    bytes_one = int(spent["b"] or 0)
    within = counting.peak["loki"] <= loki.concurrency and counting.peak["prometheus"] <= prometheus.concurrency
    return {
        "benchmark": "rush", "incidents": INCIDENTS, "diagnosed": len(order), "seconds": round(seconds, 1),
        "peak_queries_at_once": dict(counting.peak), "allowed_at_once": {"loki": loki.concurrency, "prometheus": prometheus.concurrency},
        "queries": dict(counting.asked), "loki_bytes_all": counting.sent["loki"], "loki_bytes_most_of_one_account": bytes_one,
        "loki_bytes_allowed_an_incident": loki.budget.bytes_per_incident,
        "within_budget": within and bytes_one <= loki.budget.bytes_per_incident,
        "critical_among_the_first_quarter": round(quarter.count("critical") / len(quarter), 2) if quarter else 0.0,
    }  # fmt: skip
