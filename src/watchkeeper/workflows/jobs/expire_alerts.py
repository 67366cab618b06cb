"""Alerts of senders that never say "over" end when they are not repeated."""

from dataclasses import replace
from datetime import timedelta

from watchkeeper.domain.alert import AlertStatus
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job
from watchkeeper.workflows.receive_alerts import receive_alerts

_AT_ONCE = 1000


async def _run(house: House) -> None:
    now = house.clock.now()
    for source, minutes in house.settings.doors.expire_minutes.items():
        async with house.store.transaction() as tx:
            found = await tx.not_repeated(source, now - timedelta(minutes=minutes), _AT_ONCE)
        over = [replace(a, status=AlertStatus.RESOLVED, ends_at=now, received_at=now) for a in found]
        if over:
            await receive_alerts(house, over)


JOB = Job(seconds=lambda settings: 60, run=_run)
