"""Learn the incidents that ended, however they were closed."""

from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job
from watchkeeper.workflows.remember import remember_closed


async def _run(house: House) -> None:
    await remember_closed(house)


JOB = Job(seconds=lambda settings: settings.recall.remember_seconds, run=_run)
