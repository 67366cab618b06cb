"""Timeline events as they are committed: one connection that listens for the whole process, told on to everybody here."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing

import psycopg

from watchkeeper.domain.errors import StoreUnavailable
from watchkeeper.domain.incident import IncidentEvent
from watchkeeper.store.bus import RedisBus
from watchkeeper.store.statements.intake import EVENTS_CHANNEL

log = logging.getLogger(__name__)

_MOST_WAITING = 1000
"""A reader that is further behind is sent away: it comes again, and reads what it missed."""
_STILL_THERE = 30.0
"""Seconds without news after which the connection is asked whether it lives."""


class Feed:
    """Over Redis where there is one, else by NOTIFY. Listens while somebody reads; `read` turns ids into events."""

    def __init__(
        self, url: str, bus: RedisBus | None, read: Callable[[Sequence[int]], Awaitable[list[IncidentEvent]]]
    ) -> None:
        self._url, self._bus, self._read = url, bus, read
        self._readers: set[asyncio.Queue[IncidentEvent | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._connected = False

    async def listen(self, began: Callable[[], None]) -> AsyncIterator[IncidentEvent]:
        """Events from now on; ends for a reader too far behind. `began` is called whenever nothing is missed from then on."""
        queue: asyncio.Queue[IncidentEvent | None] = asyncio.Queue()
        self._readers.add(queue)
        if self._task is None or self._task.done():
            self._connected = False
            self._task = asyncio.create_task(self._go_on(), name="timeline feed")
        elif self._connected:
            queue.put_nowait(None)
        try:
            while queue.qsize() <= _MOST_WAITING:
                event = await queue.get()
                if event is None:
                    began()
                else:
                    yield event
        finally:
            self._readers.discard(queue)
            if not self._readers:
                await self.close()

    async def close(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _go_on(self) -> None:
        while True:
            try:
                if self._bus is not None:
                    await self._pass_on(self._bus.listen())
                await self._pass_on(self._notified())
            except StoreUnavailable as error:
                log.warning("the live feed waits for the database: %s", error)
            self._connected = False
            await asyncio.sleep(1)

    async def _pass_on(self, ids: AsyncGenerator[int | None]) -> None:
        """None among the ids: from here on nothing is missed."""
        async with aclosing(ids):
            async for number in ids:
                if number is None:
                    self._connected = True
                    self._tell(None)
                    continue
                for event in await self._read([number]):
                    self._tell(event)

    def _tell(self, event: IncidentEvent | None) -> None:
        for queue in self._readers:
            queue.put_nowait(event)

    async def _notified(self) -> AsyncGenerator[int | None]:
        """Ends when the connection is lost."""
        try:
            connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            log.warning("the live feed cannot connect: %s", error)
            return
        try:
            await connection.execute(f"listen {EVENTS_CHANNEL}")
            yield None
            while True:
                async for note in connection.notifies(timeout=_STILL_THERE):
                    yield int(note.payload)
                await connection.execute("select 1")
        except psycopg.OperationalError as error:
            log.warning("the live feed lost its connection: %s", error)
        finally:
            await connection.close()
