"""A stage for whole stories: the simulated shop at real speed, real Prometheus and Alertmanager, Watchkeeper on a real
database. Minutes of the shipped rules are seconds here."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from watchkeeper import app as front
from watchkeeper.cli.demo import rules_text
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin
from watchkeeper.simulate import shop
from watchkeeper.simulate.serve import Simulation, simulation
from watchkeeper.store.port import PlanRecord

BASELINE_SECONDS = 18
"""Normal time that the freshly started Prometheus is given."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Server:
    """A program that listens; started, killed and started again on the same port and data."""

    arguments: list[str]
    ready: str
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        quiet = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(*self.arguments, stdout=quiet, stderr=quiet)
        async with httpx.AsyncClient() as client:
            for _ in range(200):
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(self.ready)).is_success:
                        return
                await asyncio.sleep(0.1)
        raise AssertionError(f"{self.arguments[0]} did not get ready")

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@dataclass
class Play:
    """What a test sees."""

    here: Simulation
    opened: front.Opened
    url: str
    prometheus: Server
    settings: Settings
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def break_(self, scenario: str, pace: float = 2.0) -> None:
        self.here.break_(plugin("watchkeeper.simulate.scenarios", "SCENARIO", scenario), pace)

    async def first_incident(self) -> Incident | None:
        """The oldest: what the broken service raised."""
        items = (await self.opened.store.list_incidents(limit=50)).items
        return items[-1] if items else None

    async def until(self, *stages: Stage, seconds: float = 200) -> Incident:
        """The oldest incident once it is in one of the stages."""
        incident = None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            incident = await self.first_incident()
            if incident is not None and incident.stage in stages:
                return incident
            await asyncio.sleep(0.3)
        raise AssertionError(f"not {stages} within {seconds} s: {incident}\n" + "\n".join(await self.timeline()))

    async def timeline(self) -> list[str]:
        incident = await self.first_incident()
        if incident is None:
            return []
        async with self.opened.store.transaction() as tx:
            return [f"{e.at:%H:%M:%S} {e.kind}: {e.text[:300]}" for e in await tx.events(incident.id)]

    async def prometheus_started_at(self) -> datetime:
        """By its own word, asked directly: Watchkeeper's own client may be keeping away from it."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(self.prometheus.ready.replace("/-/ready", "/api/v1/status/runtimeinfo"))
        return datetime.fromisoformat(answer.json()["data"]["startTime"])

    async def plan(self, incident: Incident) -> PlanRecord:
        async with self.opened.store.transaction() as tx:
            return (await tx.plans_of(incident.id))[0]

    async def approve(self, incident: Incident) -> None:
        """As a person would, over the API."""
        record = await self.plan(incident)
        async with httpx.AsyncClient() as client:
            body = {"digest": record.plan.digest, "reason": "looks right"}
            answer = await client.post(f"{self.url}/api/v1/plans/{record.plan.id}/approve", json=body)
        assert answer.status_code == 200, answer.text


def config_for(here: Simulation, database_url: str, prometheus_url: str, **remediation: Any) -> dict[str, Any]:
    """As in a config.yaml."""
    return {
        "sources": {
            "prometheus": {"url": prometheus_url, "rate_window_seconds": 6, "step_seconds": 1},
            "loki": {"url": here.urls["loki"]},
            "tempo": {"url": here.urls["tempo"], "max_traces": 60},
            "kubernetes": {"kubeconfig": str(here.kubeconfig)},
        },
        "delivery": {"url": here.urls["github"], "repository": here.github.repository},
        "entities": {"calls": [list(c) for c in shop.CALLS]},
        "evidence": {"normal_minutes": 0.5, "lead_minutes": 0.2, "settle_seconds": 2},
        "remediation": {
            "dry_run": False,
            "approval_timeout_minutes": 2,
            "checks_timeout_minutes": 0.5,
            "deploy_timeout_minutes": 1.2,
            "verify_after_seconds": 3,
            "verify_timeout_minutes": 1,
            "verify_healthy_seconds": 3,
            "poll_seconds": 1,
            **remediation,
        },
        "store": {"database_url": database_url, "sweep_seconds": 3},
        "server": {"loopback_without_login": True},
    }


@asynccontextmanager
async def playing(
    folder: Path, database_url: str, further: dict[str, Any] | None = None, **remediation: Any
) -> AsyncIterator[Play]:
    """Everything up, with some normal time behind it."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(simulation(folder, history_minutes=1, load=60))
        port = free_port()
        prometheus = await _prometheus(folder, here, f"http://127.0.0.1:{port}")
        for server in prometheus:
            stack.push_async_callback(server.stop)
        settings = Settings.model_validate(
            config_for(here, database_url, prometheus[0].ready.removesuffix("/-/ready"), **remediation)
            | (further or {})
        )
        opened = await stack.enter_async_context(front.open_house(settings))
        play = Play(here, opened, f"http://127.0.0.1:{port}", prometheus[0], settings)
        serving = asyncio.create_task(front.serve(opened, play.stop, host="127.0.0.1", port=port))
        working = asyncio.create_task(front.work(opened, play.stop, stalled_seconds=3))
        try:
            await asyncio.sleep(BASELINE_SECONDS)
            yield play
        finally:
            play.stop.set()
            await asyncio.gather(serving, working, return_exceptions=True)


async def _prometheus(folder: Path, here: Simulation, watchkeeper: str) -> tuple[Server, Server]:
    prometheus, alertmanager = free_port(), free_port()
    (folder / "rules.yml").write_text(rules_text())
    target = {"http_sd_configs": [{"url": f"{here.urls['exposition']}/sd", "refresh_interval": "1s"}]}
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(folder / "rules.yml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
        "scrape_configs": [
            {"job_name": "shop", "honor_labels": True, **target},
            {"job_name": "watchkeeper", "static_configs": [{"targets": [watchkeeper.removeprefix("http://")]}]},
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    hook = {"url": f"{watchkeeper}/api/v1/webhooks/alertmanager", "send_resolved": True}
    route = {
        "receiver": "watchkeeper",
        "group_by": ["alertname", "namespace"],
        "group_wait": "1s",
        "group_interval": "1s",
    }
    receivers = [{"name": "watchkeeper", "webhook_configs": [hook]}]
    (folder / "alertmanager.yml").write_text(
        yaml.safe_dump({"route": {**route, "repeat_interval": "1m"}, "receivers": receivers})
    )
    servers = (
        Server(
            [
                "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{prometheus}", "--log.level=error",
            ],
            f"http://127.0.0.1:{prometheus}/-/ready",
        ),
        Server(
            [
                "prometheus-alertmanager", f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'am'}",
                f"--web.listen-address=127.0.0.1:{alertmanager}", "--cluster.listen-address=", "--log.level=error",
            ],
            f"http://127.0.0.1:{alertmanager}/-/ready",
        ),
    )  # fmt: skip
    for server in servers:
        await server.start()
    return servers
