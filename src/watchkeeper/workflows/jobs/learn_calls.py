"""Who calls whom, learnt from the last minutes of traces, so that the first storm already meets a call graph."""

import logging

from watchkeeper.domain.errors import SourceError
from watchkeeper.workflows.gather import learn_calls
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job

log = logging.getLogger(__name__)


async def _run(house: House) -> None:
    try:
        await learn_calls(house)
    except SourceError as error:
        log.warning("the call graph could not be learned: %s", error)


JOB = Job(seconds=lambda settings: 600, run=_run)
