"""Old alerts and timelines go, partitions of the next weeks are there in time."""

from datetime import timedelta

from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job

_WEEKS_AHEAD = 4


async def _run(house: House) -> None:
    rules, now = house.settings.store, house.clock.now()
    async with house.store.transaction() as tx:
        await tx.keep_partitions(now, _WEEKS_AHEAD)
    async with house.store.transaction() as tx:
        await tx.forget(now - timedelta(days=rules.keep_alerts_days), now - timedelta(days=rules.keep_events_days))


JOB = Job(seconds=lambda settings: 3600, run=_run)
