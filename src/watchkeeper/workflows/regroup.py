"""A person merges, splits or moves: the alerts go where they say, and what they said is remembered for the next ones."""

from collections.abc import Sequence
from dataclasses import replace

from watchkeeper.correlate.gathering import Gathering, facts_of
from watchkeeper.domain.alert import Alert
from watchkeeper.domain.errors import Conflict, InvalidInput
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.muting import Correction, Link
from watchkeeper.domain.situation import key_of
from watchkeeper.store.port import Transaction
from watchkeeper.workflows.house import House
from watchkeeper.workflows.receive_alerts import new_incident

_MOST_KEYS = 30


async def merge(house: House, origin: str, target: str, *, by: str, reason: str) -> Incident:
    """Everything of `origin` into `target`; `origin` is closed. Raises Conflict while a repair of it is under way."""
    if origin == target:
        raise InvalidInput("an incident cannot be merged with itself", field="into")
    async with house.store.transaction() as tx:
        await tx.lock("intake")
        closing = await tx.incident(origin, lock=True)
        if closing.stage in (Stage.APPLYING, Stage.VERIFYING, Stage.ROLLING_BACK):
            raise Conflict(f"a repair of {origin} is under way")
        if (await tx.incident(target)).stage is Stage.RESOLVED:
            raise Conflict(f"{target} is resolved")
        left, right = await _keys(house, tx, origin), await _keys(house, tx, target)
        await _move(house, tx, [], origin, target, by, reason)
        await tx.add_correction(Correction(Link.TOGETHER, left, right, by, house.clock.now(), reason))
        now = house.clock.now()
        await tx.save_incident(replace(closing, stage=Stage.RESOLVED, updated_at=now, resolved_at=now))
        await tx.add_event(origin, "incident.resolved", f"{by} merged it into {target}", now, {"into": target})
        await _note(house, tx, by, "grouping.merged", target, {"from": origin, "reason": reason})
        return await tx.incident(target)


async def move(
    house: House, fingerprints: Sequence[str], origin: str, target: str, *, by: str, reason: str
) -> Incident:
    """These alerts (sender's fingerprints) from one incident to another; `target` "" makes a new one: a split."""
    if not fingerprints:
        raise InvalidInput("name at least one alert", field="fingerprints")
    async with house.store.transaction() as tx:
        await tx.lock("intake")
        chosen = [s.alert for s in await tx.alerts_of(origin) if s.alert.fingerprint in set(fingerprints)]
        if not chosen:
            raise InvalidInput("none of these alerts is in the incident", field="fingerprints")
        if target and (await tx.incident(target)).stage is Stage.RESOLVED:
            raise Conflict(f"{target} is resolved")
        joins = await _keys(house, tx, target) if target else ()
        if not target:
            target = house.ids.new("inc")
            await tx.create_incident(new_incident(house, chosen[0], target, f"{by} split it from {origin}"))
            await tx.add_event(target, "incident.opened", f"{by} split it from {origin}", house.clock.now())
        await _move(house, tx, [a.fingerprint for a in chosen], origin, target, by, reason)
        stays, goes = await _keys(house, tx, origin), tuple(dict.fromkeys(_key(house, a) for a in chosen))[:_MOST_KEYS]
        if stays:
            await tx.add_correction(
                Correction(Link.APART, goes, tuple(set(stays) - set(goes)), by, house.clock.now(), reason)
            )
        if joins:
            await tx.add_correction(Correction(Link.TOGETHER, goes, joins, by, house.clock.now(), reason))
        await _note(
            house,
            tx,
            by,
            "grouping.moved",
            target,
            {"from": origin, "alerts": [a.name for a in chosen], "reason": reason},
        )
        await tx.defer_step(target)
        return await tx.incident(target)


async def _move(
    house: House, tx: Transaction, prints: Sequence[str], origin: str, target: str, by: str, reason: str
) -> None:
    because = f"{by} moved it here from {origin}" + (f": {reason}" if reason else "")
    count = await tx.move_alerts(prints, origin, target, because)
    await tx.add_event(target, "alert.joined", f"{by} moved {count} alerts here from {origin}", house.clock.now())
    for incident_id in (origin, target):
        await _describe(house, tx, incident_id)


async def _describe(house: House, tx: Transaction, incident_id: str) -> None:
    """The situation anew, from the alerts the incident has now."""
    rules, now = house.settings.correlation, house.clock.now()
    alerts = [s.alert for s in await tx.alerts_of(incident_id)]
    if not alerts:
        return
    before = {s.incident_id: s for s in await tx.situations([incident_id])}
    gathering = Gathering([], rules)
    first, *others = [facts_of(a, house.service_of(a), rules) for a in alerts]
    gathering.open(incident_id, first, now)
    for facts in others:
        gathering.join(incident_id, facts)
    version = before[incident_id].version + 1 if incident_id in before else 1
    await tx.save_situations([replace(gathering.groups[incident_id].situation(), version=version)])


async def _keys(house: House, tx: Transaction, incident_id: str) -> tuple[str, ...]:
    alerts = [s.alert for s in await tx.alerts_of(incident_id)]
    return tuple(dict.fromkeys(_key(house, a) for a in alerts))[:_MOST_KEYS]


def _key(house: House, alert: Alert) -> str:
    return key_of(alert.name, house.service_of(alert))


async def _note(house: House, tx: Transaction, by: str, action: str, subject: str, details: dict[str, object]) -> None:
    await tx.audit(by, action, subject, details, house.clock.now())
