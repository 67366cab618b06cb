"""Silences people set in Alertmanager mute here too."""

import logging

from watchkeeper.domain.errors import SourceError
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job

log = logging.getLogger(__name__)


async def _run(house: House) -> None:
    if house.silences is None:
        return
    try:
        found = await house.silences.silences()
    except SourceError as error:
        log.warning("silences could not be read, those known stay: %s", error)
        return
    async with house.store.transaction() as tx:
        await tx.replace_silences("alertmanager", found)


JOB = Job(seconds=lambda s: s.sources.alertmanager.silences_seconds if s.sources.alertmanager.url else 0, run=_run)
