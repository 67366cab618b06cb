"""Concurrent deliveries share transactions: each is answered only after the one that holds its alerts was committed."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.errors import IntakeFull, StoreUnavailable
from watchkeeper.workflows.house import House
from watchkeeper.workflows.receive_alerts import Memory, Receipt, receive_deliveries


@dataclass(slots=True)
class _Waiting:
    alerts: Sequence[Alert]
    receipt: Receipt | None = None
    failed: StoreUnavailable | None = None


class IntakeDesk:
    """One a process. Who comes while nobody stores takes everything that waits and stores it for all."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._queue: deque[_Waiting] = deque()
        self._alerts = 0
        self._turn = asyncio.Lock()
        self._memory = Memory()

    @property
    def waiting(self) -> int:
        """Alerts taken but not stored yet."""
        return self._alerts

    async def submit(self, alerts: Sequence[Alert]) -> Receipt:
        """Store; raises IntakeFull where too many wait already, StoreUnavailable where nothing was stored."""
        limit = self._house.settings.intake.queue_alerts
        if self._queue and self._alerts + len(alerts) > limit:
            raise IntakeFull(
                f"{self._alerts} alerts wait to be stored, at most {limit} may", hint="send it again later"
            )
        mine = _Waiting(alerts)
        self._queue.append(mine)
        self._alerts += len(alerts)
        try:
            async with self._turn:
                while mine.receipt is None and mine.failed is None:
                    await self._store()
        finally:
            if mine.receipt is None and mine.failed is None:
                self._forget(mine)
        if mine.failed is not None:
            raise StoreUnavailable(str(mine.failed), hint=mine.failed.hint)
        assert mine.receipt is not None
        return mine.receipt

    def _forget(self, gone: _Waiting) -> None:
        """Its sender hung up before its turn."""
        if gone in self._queue:
            self._queue.remove(gone)
            self._alerts -= len(gone.alerts)

    async def _store(self) -> None:
        """One transaction for as many deliveries as fit. A turn that is broken off leaves them in the queue."""
        most, batch, size = self._house.settings.intake.batch_alerts, list[_Waiting](), 0
        for waiting in self._queue:
            if batch and size + len(waiting.alerts) > most:
                break
            batch.append(waiting)
            size += len(waiting.alerts)
        try:
            receipts = await receive_deliveries(self._house, [w.alerts for w in batch], self._memory)
            for waiting, receipt in zip(batch, receipts, strict=True):
                waiting.receipt = receipt
        except StoreUnavailable as error:
            self._memory.forget()
            for waiting in batch:
                waiting.failed = error
        finally:
            for waiting in batch:
                if waiting.receipt is not None or waiting.failed is not None:
                    self._forget(waiting)
