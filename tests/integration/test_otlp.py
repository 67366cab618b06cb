"""Our own telemetry to a collector on the loopback; without an endpoint nothing is imported."""

import asyncio
import logging
import subprocess
import sys

import pytest
from aiohttp import web

from watchkeeper import observe, otlp


async def test_traces_metrics_and_logs_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    got: dict[str, bytes] = {}

    async def take(request: web.Request) -> web.Response:
        got[request.path] = got.get(request.path, b"") + await request.read()
        return web.Response(body=b"", content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/{kind}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{runner.addresses[0][1]}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")

    def work() -> None:
        with otlp.telling("worker"):
            with otlp.span("step opened", incident="inc-7"):
                logging.getLogger("watchkeeper.test").warning("a step ran")
            observe.ALERTS.labels("alertmanager", "new").inc()

    await asyncio.to_thread(work)
    await runner.cleanup()
    assert b"step opened" in got["/v1/traces"]
    assert b"inc-7" in got["/v1/traces"]
    assert b"a step ran" in got["/v1/logs"]
    assert b"aiops_alerts_received_total" in got["/v1/metrics"]
    with otlp.span("after the end"):
        pass


def test_off_means_no_import() -> None:
    code = (
        "import os, sys; os.environ.pop('OTEL_EXPORTER_OTLP_ENDPOINT', None); from watchkeeper import otlp\n"
        "with otlp.telling('api'), otlp.span('x'): pass\n"
        "sys.exit(any(m.startswith('opentelemetry') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
