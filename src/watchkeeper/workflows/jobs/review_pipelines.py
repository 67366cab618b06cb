"""Looks at CI runs that webhooks announced."""

from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job
from watchkeeper.workflows.review_pipeline import review_due


async def _run(house: House) -> None:
    await review_due(house)


JOB = Job(seconds=lambda settings: settings.ci.poll_seconds, run=_run)
