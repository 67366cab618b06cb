"""procrastinate runs the steps. The job boundary: the one place that catches everything a step may raise."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import procrastinate
from procrastinate import jobs

from watchkeeper.domain.clock import Clock
from watchkeeper.domain.errors import Conflict, StoreUnavailable, WatchkeeperError
from watchkeeper.domain.incident import Stage
from watchkeeper.store.migrate import lively
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.store.statements.periodic import PERIODIC_QUEUE, PERIODIC_TASK
from watchkeeper.store.transaction import CARRY_OUT_QUEUE, QUEUE, STEP_TASK

log = logging.getLogger(__name__)

Advance = Callable[[str], Awaitable[None]]
_TICK_SECONDS = 2.0
WORKING = tuple(str(stage) for stage in Stage if stage.working)


class Part(StrEnum):
    """What a worker does."""

    ALL = "all"
    THINK = "think"
    """Everything that only reads, and the periodic jobs."""
    CARRY_OUT = "carry_out"
    """Only the steps that need credentials which may write."""

    @property
    def queues(self) -> list[str]:
        """Where its jobs come from."""
        thinking = [] if self is Part.CARRY_OUT else [QUEUE, PERIODIC_QUEUE]
        return thinking + ([] if self is Part.THINK else [CARRY_OUT_QUEUE])


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something the installation does every `seconds`, once, whichever worker is free."""

    seconds: float
    run: Callable[[], Awaitable[None]]


async def run_worker(
    store: PostgresStore,
    url: str,
    advance: Advance,
    clock: Clock,
    stop: asyncio.Event,
    *,
    periodic: Mapping[str, Periodic] | None = None,
    concurrency: int = 4,
    sweep_seconds: float = 30,
    stalled_seconds: float = 30,
    part: Part = Part.ALL,
) -> None:
    """Work until `stop` is set, then finish what is under way. Any number of these may share one database.

    A database that goes away ends no worker: it begins anew until the database is back.
    """
    every_so_often = {} if part is Part.CARRY_OUT else periodic or {}
    while not stop.is_set():
        try:
            app = build(url, store, advance, clock, every_so_often)
            await _run(app, store, clock, stop, every_so_often, concurrency, sweep_seconds, stalled_seconds, part)
        except (StoreUnavailable, procrastinate.exceptions.ConnectorException) as error:
            log.warning("the worker waits for the database", extra={"fields": {"reason": str(error).strip()}})
            await asyncio.sleep(_TICK_SECONDS)


async def _run(
    app: procrastinate.App,
    store: PostgresStore,
    clock: Clock,
    stop: asyncio.Event,
    every_so_often: Mapping[str, Periodic],
    concurrency: int,
    sweep_seconds: float,
    stalled_seconds: float,
    part: Part,
) -> None:
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=part.queues,
                concurrency=concurrency,
                install_signal_handlers=False,
                fetch_job_polling_interval=0.5,
                update_heartbeat_interval=stalled_seconds / 3,
                stalled_worker_timeout=stalled_seconds,
                shutdown_graceful_timeout=20,
                delete_jobs="successful",
            )
        )
        tending = asyncio.create_task(_tend(app, store, sweep_seconds, stalled_seconds))
        timing = asyncio.create_task(_claim(store, clock, every_so_often))
        stopping = asyncio.create_task(stop.wait())
        try:
            ended, _ = await asyncio.wait({worker, tending, timing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            # A worker that ends before it is told to has a reason; without this it would end in silence.
            for task in ended:
                task.result()
        finally:
            for task in (tending, timing, stopping, worker):
                task.cancel()
            await asyncio.gather(worker, tending, stopping, return_exceptions=True)


def build(
    url: str, store: PostgresStore, advance: Advance, clock: Clock, periodic: Mapping[str, Periodic]
) -> procrastinate.App:
    """The procrastinate application with our two tasks."""
    connector = procrastinate.PsycopgConnector(conninfo=lively(url), min_size=1, max_size=4)
    app = procrastinate.App(connector=connector)

    @app.task(name=STEP_TASK, queue=QUEUE)
    async def advance_incident(incident_id: str) -> None:
        try:
            await advance(incident_id)
        except Conflict as moved:
            log.info("step gave way", extra={"fields": {"incident": incident_id, "reason": str(moved)}})
            await _again(store, incident_id, clock, 0.5)
        except StoreUnavailable:
            raise
        except Exception as error:
            retryable = isinstance(error, WatchkeeperError) and error.retryable
            log.exception("step failed", extra={"fields": {"incident": incident_id, "retryable": retryable}})
            await _again(store, incident_id, clock, 5 if retryable else 30)

    @app.task(name=PERIODIC_TASK, queue=PERIODIC_QUEUE)
    async def run_periodic(name: str) -> None:
        job = periodic.get(name)
        if job is None:
            log.warning("unknown periodic job", extra={"fields": {"job": name}})
            return
        try:
            await job.run()
        except Exception:
            log.exception("periodic job failed; it runs again when next due", extra={"fields": {"job": name}})

    return app


async def _claim(store: PostgresStore, clock: Clock, periodic: Mapping[str, Periodic]) -> None:
    every = {name: job.seconds for name, job in periodic.items()}
    while every:
        try:
            async with store.transaction() as tx:
                await tx.claim_periodic(every, clock.now())
        except StoreUnavailable as error:
            log.warning("periodic jobs wait for the database", extra={"fields": {"reason": str(error)}})
        await asyncio.sleep(_TICK_SECONDS)
    await asyncio.Event().wait()


async def _again(store: PostgresStore, incident_id: str, clock: Clock, seconds: float) -> None:
    async with store.transaction() as tx:
        await tx.defer_step(incident_id, clock.now() + timedelta(seconds=seconds))


async def _tend(app: procrastinate.App, store: PostgresStore, sweep_seconds: float, stalled_seconds: float) -> None:
    """Take over jobs of dead workers and enqueue incidents that owe a step but have no job."""
    while True:
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_seconds):
                await app.job_manager.finish_job(job, status=jobs.Status.FAILED, delete_job=True)
                log.warning("took over a dead worker's step", extra={"fields": {"job": job.id}})
            await store.sweep(WORKING)
        except (StoreUnavailable, procrastinate.exceptions.ConnectorException) as error:
            log.warning("sweep waits for the database", extra={"fields": {"reason": str(error)}})
        await asyncio.sleep(min(sweep_seconds, stalled_seconds))
