"""Tell people what happened: the timeline is the outbox, so nothing that was committed is lost."""

import logging
from collections.abc import Sequence

from watchkeeper.domain.errors import SourceRefused, SourceUnavailable
from watchkeeper.domain.notice import Notice
from watchkeeper.notify.plan import due
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job

log = logging.getLogger(__name__)
_AT_ONCE = 500


async def announce(house: House) -> None:
    """What is owed and due. Where no way of telling works, everything stays owed and is told later."""
    async with house.store.transaction() as tx:
        owed = await tx.owed_events(_AT_ONCE)
        incidents = {i: await tx.incident(i) for i in {e.incident_id for e in owed}}
        plan = due(owed, incidents, house.settings.notify, house.settings.server.public_url, house.clock.now())
        untold = await tell(house, plan.notices)
        await tx.told_events([e.id for e in owed if e.id in plan.told and e.incident_id not in untold])


async def tell(house: House, notices: Sequence[Notice]) -> set[str]:
    """Say each notice by every announcer; incidents that one of them could not tell for now."""
    untold = set()
    for notice in notices:
        for announcer in house.announcers:
            try:
                await announcer.announce(notice)
            except SourceUnavailable as error:
                untold.add(notice.incident_id)
                log.warning("a notice waits: %s", error)
            except SourceRefused as error:
                log.error("a notice was refused: %s", error)
    return untold


JOB = Job(seconds=lambda settings: 3, run=announce)
