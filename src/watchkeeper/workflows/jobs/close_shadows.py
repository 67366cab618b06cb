"""The scorecard: what people did about resolved incidents, beside the plans we had."""

import logging

from watchkeeper.domain.errors import SourceError
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job
from watchkeeper.workflows.outcomes import close_shadows

log = logging.getLogger(__name__)


async def _run(house: House) -> None:
    try:
        await close_shadows(house)
    except SourceError as error:
        log.warning("what people did could not be seen: %s", error)


JOB = Job(seconds=lambda settings: 60, run=_run)
