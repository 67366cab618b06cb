"""Tell people what happened. The timeline is the outbox: nothing that was committed is lost, and no transaction waits for a network."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from watchkeeper.domain.errors import SourceRefused, SourceUnavailable
from watchkeeper.domain.notice import Notice
from watchkeeper.notify.plan import answered, asks, due, merged, unanswered
from watchkeeper.notify.routing import Delivery, deliveries, escalations, routes_of
from watchkeeper.store.port import Transaction
from watchkeeper.store.ports.deliveries import Owed
from watchkeeper.workflows.announcer import Announcer
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job

log = logging.getLogger(__name__)
_AT_ONCE = 500
_KEPT = timedelta(days=1)
"""What an announcer that is gone was to say is dropped after this."""


async def announce(house: House) -> None:
    """Share out what is owed, then let every announcer say its part: one that is down holds up nobody else."""
    await _share_out(house)
    await asyncio.gather(*(_say(house, announcer) for announcer in house.announcers))


async def _share_out(house: House) -> None:
    """Lines of timelines become deliveries, exactly once: one transaction, nothing else in it."""
    now, rules = house.clock.now(), house.settings.notify
    names = [a.name for a in house.announcers]
    async with house.store.transaction() as tx:
        events = await tx.owed_events(_AT_ONCE)
        incidents = {i: await tx.incident(i) for i in {e.incident_id for e in events}}
        plan = due(events, incidents, rules, house.settings.server.public_url, now)
        for notice in plan.notices:
            asking = asks(events, notice.incident_id)
            await tx.add_deliveries(await _shares(house, tx, notice, asking, now))
        await tx.told_events(list(plan.told))
        await tx.forget_deliveries(names, now - _KEPT)


async def _shares(house: House, tx: Transaction, notice: Notice, asking: bool, now: datetime) -> list[Owed]:
    """Without routes everybody hears it now; so too where a route names nobody who is there."""
    routes = routes_of(house.settings.notify)
    names = [a.name for a in house.announcers]
    if not routes:
        return [Owed(name, notice, now) for name in names]
    team = await _team(tx, notice.incident_id) if any(r.team for r in routes) else ""
    first = deliveries(notice, team, routes, now)
    shared = [Owed(d.announcer, notice, d.at) for d in _there(first, names, now)]
    if asking:
        later = escalations(notice, team, routes, now)
        shared += [Owed(d.announcer, notice, d.at, asked_at=now) for d in _there(later, names, now)]
    return shared


def _there(wanted: Sequence[Delivery], names: Sequence[str], now: datetime) -> list[Delivery]:
    found = [d for d in wanted if d.announcer in names]
    if wanted and not found:
        log.error("notify.routes names only announcers that are not configured: %s", [d.announcer for d in wanted])
        at = min(d.at for d in wanted)
        return [Delivery(name, at) for name in names]
    return found


async def _team(tx: Transaction, incident_id: str) -> str:
    """The label `team` of its alerts."""
    return next((t for s in await tx.alerts_of(incident_id) if (t := s.alert.labels.get("team"))), "")


async def _say(house: House, announcer: Announcer) -> None:
    """Its part. After a crash between saying and noting it is said again: announcers know repetitions by their key."""
    async with house.store.transaction() as tx:
        owed = await tx.due_deliveries(announcer.name, house.clock.now(), _AT_ONCE)
        settled = [o for o in owed if o.asked_at is not None and await _settled(tx, o, o.asked_at)]
    done = [o.id for o in settled]
    by_incident: dict[str, list[Owed]] = {}
    for one in owed:
        if one not in settled:
            by_incident.setdefault(one.notice.incident_id, []).append(one)
    for group in by_incident.values():
        said = merged([n.notice if n.asked_at is None else unanswered(n.notice, n.asked_at) for n in group])
        if not await told(announcer, said):
            break
        done += [o.id for o in group]
    async with house.store.transaction() as tx:
        await tx.drop_deliveries(done)


async def _settled(tx: Transaction, owed: Owed, asked_at: datetime) -> bool:
    incident_id = owed.notice.incident_id
    return answered(await tx.incident(incident_id), await tx.events(incident_id), asked_at)


async def told(announcer: Announcer, notice: Notice) -> bool:
    """Say it; False where it must be said again later. What is refused will be refused again: it is over."""
    try:
        await announcer.announce(notice)
    except SourceUnavailable as error:
        log.warning("a notice waits: %s", error)
        return False
    except SourceRefused as error:
        log.error("a notice was refused: %s", error)
    return True


JOB = Job(seconds=lambda settings: 3, run=announce)
