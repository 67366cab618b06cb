"""The only file that constructs things: settings in, a house with its store, sources and doors out."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import uvicorn

from watchkeeper.access.tokens import Access, Token
from watchkeeper.api.app import create_app
from watchkeeper.api.own_metrics import begin_at_zero
from watchkeeper.chat.conversation import ChatTools, Platform
from watchkeeper.chat.tools import PlatformTools
from watchkeeper.codehosts.ci_port import ContinuousIntegration
from watchkeeper.codehosts.port import ClusterDoor, CodeHost
from watchkeeper.console.routes import mount as mount_console
from watchkeeper.domain.clock import Clock, SystemClock, SystemIds
from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.domain.severity import Role
from watchkeeper.llm.embedding import Embedder
from watchkeeper.llm.port import Model
from watchkeeper.policy.rego import RegoGuard
from watchkeeper.settings import AzureMonitorSource, CaseFolderSource, HttpSource, KubernetesSource, Section, Settings
from watchkeeper.shelf import plugin, plugins
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.jobs import Part, Periodic, run_worker
from watchkeeper.store.ledger import add_spending
from watchkeeper.store.migrate import migrate
from watchkeeper.store.port import StoredToken
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.telemetry.budget import Ledger, MemoryLedger, Spend
from watchkeeper.telemetry.port import MetricQueries, ObjectQueries, SilenceQueries, Source, SourceTools
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.telemetry.sources.kubernetes import access_of
from watchkeeper.workflows.advance import advance
from watchkeeper.workflows.announcer import Announcer
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job, ShardedJob, parts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A house with the address of its database."""

    house: House
    store: PostgresStore
    database_url: str
    access: Access
    chat: tuple[Platform, ...] = ()


async def migrate_database(settings: Settings) -> str:
    """Bring the database to this version; the revision reached."""
    async with open_database(settings) as url:
        return await asyncio.to_thread(migrate, url)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[str]:
    """The address of the configured PostgreSQL, or of the embedded one, started."""
    configured = settings.store.database_url.get_secret_value()
    if configured:
        yield configured
        return
    embedded = await asyncio.to_thread(EmbeddedDatabase, Path(settings.store.data_dir))
    try:
        yield await asyncio.to_thread(embedded.url)
    finally:
        await asyncio.to_thread(embedded.stop)


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[Opened]:
    """Everything built, migrated and connected; given back at the end."""
    async with open_database(settings) as url:
        await asyncio.to_thread(migrate, url)
        redis = settings.store.redis_url.get_secret_value()
        store = PostgresStore.open(url, pool_size=settings.store.pool_size, redis_url=redis)
        house = build_house(settings, store)
        chat = build_chat(settings, lambda: house)
        house = replace(house, announcers=(*house.announcers, *chat))
        try:
            yield Opened(
                house,
                store,
                url,
                Access(StoredTokens(house), house.ids, settings.server, settings.login.form_key.get_secret_value()),
                chat,
            )
        finally:
            for platform in chat:
                await platform.close()
            for source in house.sources:
                await source.close()
            for part in (house.model, house.codehost, house.direct, house.embedder, house.index, *house.ci.values()):
                if part is not None:
                    await part.aclose()
            await store.close()


def build_house(
    settings: Settings, store: PostgresStore, clock: Clock | None = None, ledger: Ledger | None = None
) -> House:
    """The parts, chosen by the settings. A clock of another world and a ledger that nobody shares are for drills."""
    resolver = Resolver(settings.entities)
    clock = clock or SystemClock()
    sources = build_sources(settings, SourceTools(clock, resolver, ledger or SharedLedger(store)))
    return House(
        settings=settings, clock=clock, ids=SystemIds(), store=store, sources=sources, model=build_model(settings, clock),
        guard=RegoGuard(Path(settings.remediation.policies) if settings.remediation.policies else None),
        service_of=lambda alert: resolver.resolve("metrics", alert.labels),
        metrics=next((s for s in sources if isinstance(s, MetricQueries)), None),
        objects=next((s for s in sources if isinstance(s, ObjectQueries)), None),
        codehost=build_codehost(settings), direct=build_direct(settings), embedder=build_embedder(settings), ci=build_ci(settings),
        index=plugin("watchkeeper.llm.indexes", "build", settings.recall.index)(settings.recall),
        silences=next((s for s in sources if isinstance(s, SilenceQueries)), None),
        announcers=build_announcers(settings, clock),
    )  # fmt: skip


def build_announcers(settings: Settings, clock: Clock) -> tuple[Announcer, ...]:
    """Every platform that only announces and whose section switches it on."""
    shelf = plugins("watchkeeper.chat.platforms", "build")
    tools = PlatformTools(clock, settings.server.public_url)
    built = [shelf[name](getattr(settings.notify, name), tools) for name in ("pagerduty", "webhook")]
    return tuple(a for a in built if a is not None)


class SharedLedger:
    """Source budgets that all workers share."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    async def spend(self, account: str, amount: Spend) -> Spend:
        """Add to an account; its total afterwards."""
        amounts = (amount.queries, amount.bytes, amount.series, amount.seconds)
        return Spend(*await add_spending(self._store, account, amounts))


class StoredTokens:
    """The token book kept in the store."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def keep(self, token_id: str, name: str, role: Role, secret_hash: str, days: float) -> None:
        """Remember a new token."""
        now = self._house.clock.now()
        async with self._house.store.transaction() as tx:
            await tx.save_token(StoredToken(token_id, name, role, now, now + timedelta(days=days)), secret_hash)
            await tx.audit("administrator", "token.created", token_id, {"name": name, "role": str(role)}, now)

    async def find(self, secret_hash: str) -> Token | None:
        """The valid token with this hash."""
        async with self._house.store.transaction() as tx:
            found = await tx.token(secret_hash)
            session = None if found else await tx.session(secret_hash, self._house.clock.now())
        if session is not None:
            return Token("session", session.name, session.role, session.directory)
        if found is None or found.revoked or (found.expires_at and found.expires_at <= self._house.clock.now()):
            return None
        return Token(found.id, found.name, found.role)


def build_sources(settings: Settings, tools: SourceTools) -> tuple[Source, ...]:
    """Every source whose section says where it is."""
    shelf = plugins("watchkeeper.telemetry.sources", "build")
    sections: dict[str, Section] = {n: getattr(settings.sources, n) for n in type(settings.sources).model_fields}
    return tuple(shelf[name](section, tools) for name, section in sections.items() if switched_on(section))


def switched_on(section: Section) -> bool:
    """Does the section name a place to read?"""
    match section:
        case HttpSource():
            return bool(section.url)
        case KubernetesSource():
            in_cluster = "KUBERNETES_SERVICE_HOST" in os.environ
            return section.enabled and bool(section.server or section.kubeconfig or in_cluster)
        case AzureMonitorSource():
            return bool(section.workspace or section.resources)
        case CaseFolderSource():
            return bool(section.path)
        case _:
            return False


def build_clusters(settings: Settings, contexts: tuple[str, ...]) -> dict[str, Source]:
    """context -> a reader of that cluster, with a budget of its own; no context: the one the settings name."""
    shelf = plugins("watchkeeper.telemetry.sources", "build")
    out: dict[str, Source] = {}
    for context in contexts or (settings.sources.kubernetes.context,):
        section = settings.sources.kubernetes.model_copy(update={"context": context})
        tools = SourceTools(SystemClock(), Resolver(settings.entities), MemoryLedger())
        out[context] = shelf["kubernetes"](section, tools)
    return out


def build_model(settings: Settings, clock: Clock) -> Model:
    """The configured provider; `offline` with a warning where it lacks what it needs."""
    provider = settings.llm.provider
    build = plugin("watchkeeper.llm.providers", "build", provider)
    try:
        model: Model = build(settings.llm, clock)
    except ConfigurationError as error:
        log.warning("%s: falling back to offline", error)
        model = plugin("watchkeeper.llm.providers", "build", "offline")(settings.llm, clock)
    return model


def build_embedder(settings: Settings) -> Embedder | None:
    """None for `offline`: our own embedding needs no model."""
    name = settings.recall.embedder
    if name == "offline":
        return None
    built: Embedder = plugin("watchkeeper.llm.embedders", "build", name)(settings.recall, settings.llm)
    return built


def build_chat(settings: Settings, house: Callable[[], House]) -> tuple[Platform, ...]:
    """Every platform of `chat` whose section has its credentials. Its libraries are loaded only then."""
    on = {"slack": bool(settings.chat.slack.bot_token.get_secret_value()), "teams": bool(settings.chat.teams.client_id)}
    names = [name for name, wanted in on.items() if wanted]
    shelf = plugins("watchkeeper.chat.platforms", "build") if names else {}
    return tuple(shelf[name](getattr(settings.chat, name), ChatTools(house)) for name in names)


def build_codehost(settings: Settings) -> CodeHost | None:
    """None where no repository is named: plans stay suggestions. The cluster itself is `build_direct`'s."""
    if not settings.delivery.repository or settings.delivery.host == "direct":
        return None
    host: CodeHost = plugin("watchkeeper.codehosts.hosts", "build", settings.delivery.host)(settings.delivery)
    return host


def build_ci(settings: Settings) -> dict[str, ContinuousIntegration]:
    """Every CI system whose section has the secret of its webhook."""
    shelf = plugins("watchkeeper.codehosts.ci", "build")
    github = settings.ci.github_actions
    if not github.token.get_secret_value():
        github = github.model_copy(update={"token": settings.delivery.token})
    azure, jenkins = settings.ci.azure_pipelines, settings.ci.jenkins
    doors = {
        "github_actions": (github, github.webhook_secret),
        "azure_pipelines": (azure, azure.webhook_secret),
        "jenkins": (jenkins, jenkins.webhook_token),
    }
    wanted = {name for name, (_, secret) in doors.items() if secret.get_secret_value()}
    if jenkins.repository:
        wanted.add("github_actions")
    return {name: shelf[name](section) for name, (section, _) in doors.items() if name in wanted}


def build_direct(settings: Settings) -> CodeHost | None:
    """The cluster as a place to apply to: where there is no repository by choice, or self-healing needs no pull request."""
    wanted = settings.delivery.host == "direct" or bool(settings.remediation.self_healing)
    if not wanted or not switched_on(settings.sources.kubernetes):
        return None
    found = access_of(settings.sources.kubernetes)
    door = ClusterDoor(found.server, found.token, found.ca_file, found.cert_file, found.key_file)
    host: CodeHost = plugin("watchkeeper.codehosts.hosts", "build", "direct")(settings.delivery, door)
    return host


async def work(
    opened: Opened, stop: asyncio.Event, *, concurrency: int = 4, stalled_seconds: float = 30, part: Part = Part.ALL
) -> None:
    """Run the steps of incidents that are this part's, and the periodic jobs unless it only carries out."""
    begin_at_zero()
    house = opened.house
    await run_worker(
        opened.store, opened.database_url, partial(advance, house, only_thinks=part is Part.THINK), house.clock, stop,
        periodic=periodic_jobs(house), concurrency=concurrency, sweep_seconds=house.settings.store.sweep_seconds,
        stalled_seconds=stalled_seconds, part=part,
    )  # fmt: skip


def periodic_jobs(house: House) -> dict[str, Periodic]:
    """Every job of the shelf that the settings do not switch off."""
    shelf: dict[str, Job | ShardedJob] = dict(plugins("watchkeeper.workflows.jobs", "JOB"))
    every = {name: part for job_name, job in shelf.items() for name, part in parts(job_name, job, house).items()}
    return {name: Periodic(seconds, run) for name, (seconds, run) in every.items() if seconds > 0}


async def serve(opened: Opened, stop: asyncio.Event, *, host: str, port: int) -> None:
    """Answer HTTP until told to stop."""
    doors = create_app(opened.house, access=opened.access)
    mount_console(doors)
    for platform in opened.chat:
        platform.mount(doors)
        await platform.start()
    config = uvicorn.Config(
        doors, host=host, port=port, log_config=None, access_log=False,
        timeout_graceful_shutdown=5, server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined,method-assign,unused-ignore]
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    server.should_exit = True
    await serving
    waiting.cancel()


def free_port() -> int:
    """A port of the loopback that nobody uses at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
