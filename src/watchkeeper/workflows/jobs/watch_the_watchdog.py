"""The alert that always fires is heard, or people are told that we are blind: by every announcer, whatever the routes."""

from datetime import timedelta

from watchkeeper.notify.plan import blind, sees_again
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job
from watchkeeper.workflows.jobs.announce import told

_FLAG = "blind"


async def _run(house: House) -> None:
    rules, now = house.settings.notify, house.clock.now()
    async with house.store.transaction() as tx:
        last = await tx.last_heard(rules.watchdog)
        said = bool(await tx.flag(_FLAG))
    missing = last is not None and now - last >= timedelta(minutes=rules.watchdog_minutes)
    if last is None or missing == said:
        return
    notice = blind(rules.watchdog, last, now) if missing else sees_again(rules.watchdog)
    if not all([await told(announcer, notice) for announcer in house.announcers]):
        return
    async with house.store.transaction() as tx:
        await tx.set_flag(_FLAG, "on" if missing else "")
        await tx.audit(
            "watchkeeper", "blind" if missing else "sees again", rules.watchdog, {"last": last.isoformat()}, now
        )


JOB = Job(seconds=lambda settings: 15 if settings.notify.watchdog else 0, run=_run)
