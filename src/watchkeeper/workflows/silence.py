"""A person silences an incident's alerts for a while: they are stored, but nobody is woken. It joins the mutes read elsewhere."""

from collections.abc import Sequence
from datetime import timedelta

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.errors import Conflict, InvalidInput
from watchkeeper.domain.muting import Matcher, Mute
from watchkeeper.workflows.house import House

_LONGEST = 7 * 24 * 60.0
_FLEETING = frozenset({"pod", "pod_name", "instance", "container_id", "uid", "severity", "endpoint"})
"""Labels that change while the trouble stays the same."""


async def silence(house: House, incident_id: str, *, by: str, door: str, minutes: float = 60) -> list[Mute]:
    """One mute for each name of its alerts, over the labels they share. Raises InvalidInput, NotFound, and Conflict without alerts."""
    if not 0 < minutes <= _LONGEST:
        raise InvalidInput(f"between a minute and {_LONGEST:g} minutes", field="minutes")
    now = house.clock.now()
    until = now + timedelta(minutes=minutes)
    async with house.store.transaction() as tx:
        await tx.incident(incident_id, lock=True)
        alerts = [s.alert for s in await tx.alerts_of(incident_id)]
        if not alerts:
            raise Conflict("no alert of this incident is known: there is nothing to silence")
        made = [
            Mute(f"{incident_id}-{n}", "silence", matchers, now, until, f"asked for by {door}", by)
            for n, matchers in enumerate(shared_labels(alerts), 1)
        ]
        for mute in made:
            await tx.add_silence("people", mute)
        words = f"{by} silenced its alerts until {until:%H:%M} UTC"
        await tx.add_event(incident_id, "person.noted", words, now, {"verb": "silence", "by": by})
        details = {"door": door, "until": until.isoformat(), "matchers": [[str(m) for m in x.matchers] for x in made]}
        await tx.audit(by, "silence.asked", incident_id, details, now)
    return made


def shared_labels(alerts: Sequence[Alert]) -> list[tuple[Matcher, ...]]:
    """Matchers for each name of alert: the labels all of that name have, without those that come and go with a pod."""
    by_name: dict[str, set[tuple[str, str]]] = {}
    for alert in alerts:
        labels = {(k, v) for k, v in {**alert.labels, "alertname": alert.name}.items() if k not in _FLEETING}
        by_name[alert.name] = by_name.get(alert.name, labels) & labels
    return [tuple(Matcher(k, v) for k, v in sorted(found)) for _, found in sorted(by_name.items())]
