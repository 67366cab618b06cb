"""The whole world on loopback: one free port a protocol, all in this event loop."""

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from prometheus_client.parser import text_string_to_metric_families

from watchkeeper.simulate import shop
from watchkeeper.simulate.cluster import api as kubernetes_api
from watchkeeper.simulate.delivery.github import GitHub
from watchkeeper.simulate.delivery.loop import ContinuousDelivery, declare, edit, release
from watchkeeper.simulate.delivery.memory import MemoryRepository
from watchkeeper.simulate.delivery.repository import GitRepository
from watchkeeper.simulate.exposition import app as exposition_app
from watchkeeper.simulate.logs import api as loki_api
from watchkeeper.simulate.metrics import api as prometheus_api
from watchkeeper.simulate.metrics.rules import RuleEngine
from watchkeeper.simulate.ports import MetricSample
from watchkeeper.simulate.traces import api as tempo_api
from watchkeeper.simulate.world import World


@dataclass(slots=True)
class Simulation:
    """A running world and where its servers listen."""

    world: World
    github: GitHub
    git: GitRepository
    delivery: ContinuousDelivery
    rules: RuleEngine | None
    urls: dict[str, str] = field(default_factory=dict)
    """prometheus, loki, tempo, kubernetes, github, exposition"""
    kubeconfig: Path = Path()
    scraped: dict[str, str] = field(default_factory=dict)
    """further targets: job -> URL of a metrics page"""
    alive: asyncio.Event = field(default_factory=asyncio.Event)
    webhook: str = ""

    def break_(self, scenario: Any, pace: float = 3.0) -> None:
        """Begin a scenario of the shelf."""
        self.world.broken[scenario.service] = scenario.name
        scenario.start(self.world, pace)

    def release(self, service: str, version: str) -> None:
        """Somebody commits a new image to the repository."""
        release(self.git, service, version)

    async def post(self, body: dict[str, Any]) -> int:
        """Deliver a webhook; 0 where nobody answers."""
        if not self.webhook:
            return 0
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                return (await client.post(self.webhook, json=body)).status_code
        except httpx.HTTPError:
            return 0


@asynccontextmanager
async def simulation(
    folder: Path,
    *,
    seed: int = 1,
    history_minutes: float = 40,
    tick: float = 1.0,
    load: float = 60.0,
    startup: float = 2.0,
    rules_text: str = "",
    history_tick: float = 5.0,
) -> AsyncIterator[Simulation]:
    """Everything started, with history behind it, living at real speed until the block ends."""
    world = World(seed=seed, start=time.time() - history_minutes * 60, load=load, startup=startup)
    git = await asyncio.to_thread(_repository, folder)
    github = GitHub(git, lambda: world.now)
    here = Simulation(world, github, git, ContinuousDelivery(git, world.cluster), None)
    world.release = here.release
    world.edit = partial(edit, git)
    world.declare = partial(declare, git)
    here.delivery.sync(world.now)
    await asyncio.to_thread(world.advance, history_minutes * 60, tick=history_tick)
    if rules_text:
        here.rules = RuleEngine(world.metrics, rules_text, here.post)
    apps = {
        "prometheus": prometheus_api.app(
            world.metrics, lambda: world.now, here.rules, started=world.now - history_minutes * 60
        ),
        "loki": loki_api.app(world.logs, lambda: world.now),
        "tempo": tempo_api.app(world.spans, lambda: world.now),
        "kubernetes": kubernetes_api.app(world.cluster, lambda: world.now),
        "github": github.app(),
        "exposition": exposition_app(world),
    }
    async with serving(apps) as urls:
        here.urls = urls
        github.url = urls["github"]
        here.kubeconfig = folder / "kubeconfig"
        here.kubeconfig.write_text(kubernetes_api.kubeconfig(urls["kubernetes"]))
        living = asyncio.create_task(_live(here, tick))
        try:
            yield here
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)


def _repository(folder: Path) -> GitRepository:
    """A real git repository, or one in memory where there is no git."""
    if shutil.which("git") is None:
        return MemoryRepository.of(shop.manifests())
    return GitRepository.create(folder / "manifests.git", shop.manifests())


async def _live(here: Simulation, tick: float) -> None:
    """Real time: each tick delivery looks, the world lives on, rules are evaluated."""
    while True:
        behind = time.time() - here.world.now
        if behind < tick:
            await asyncio.sleep(tick - behind)
        here.delivery.sync(here.world.now)
        here.world.advance(max(time.time() - here.world.now, 0.001), tick=tick)
        for job, url in here.scraped.items():
            here.world.metrics.append(here.world.now, await _scrape(job, url), f"scrape {job}")
        if here.rules is not None:
            await here.rules.evaluate(here.world.now)
        await asyncio.sleep(0)


async def _scrape(job: str, url: str) -> Iterable[MetricSample]:
    labels = {"job": job, "instance": url.split("/")[2]}
    try:
        async with httpx.AsyncClient(timeout=2) as client:
            text = (await client.get(url)).raise_for_status().text
    except httpx.HTTPError:
        return [MetricSample("up", labels, 0.0)]
    found = [
        MetricSample(s.name, {**s.labels, **labels}, float(s.value))
        for family in text_string_to_metric_families(text)
        for s in family.samples
    ]
    return [MetricSample("up", labels, 1.0), *found]


@asynccontextmanager
async def serving(apps: dict[str, Any]) -> AsyncIterator[dict[str, str]]:
    """Each application on a free port of the loopback; name -> URL."""
    servers, tasks, urls = [], [], {}
    for name, application in apps.items():
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        urls[name] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(application, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        servers.append(server)
        tasks.append(asyncio.create_task(server._serve(sockets=[listener])))
    while not all(s.started for s in servers):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield urls
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, return_exceptions=True)
