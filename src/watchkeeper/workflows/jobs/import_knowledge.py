"""Keep the runbooks of the configured folder imported."""

import logging
from pathlib import Path

from watchkeeper.domain.errors import InvalidInput
from watchkeeper.settings import Settings
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job
from watchkeeper.workflows.knowledge import import_folder

log = logging.getLogger(__name__)


async def _run(house: House) -> None:
    try:
        await import_folder(house, Path(house.settings.recall.knowledge_folder))
    except InvalidInput as error:
        log.warning("the runbooks could not be imported: %s", error)


def _seconds(settings: Settings) -> float:
    return settings.recall.knowledge_seconds if settings.recall.knowledge_folder else 0


JOB = Job(seconds=_seconds, run=_run)
