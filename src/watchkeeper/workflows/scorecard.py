"""The scorecard, and an admin's word that an action may act alone."""

from collections import Counter, defaultdict
from typing import Any

from watchkeeper.domain.errors import Conflict, InvalidInput
from watchkeeper.remediate.propose import SHELF
from watchkeeper.remediate.shadow import Word
from watchkeeper.shelf import plugins
from watchkeeper.store.ports.standing import OutcomeRecord
from watchkeeper.workflows.background import standing_of
from watchkeeper.workflows.house import House
from watchkeeper.workflows.outcomes import close_shadows


async def scorecard(house: House) -> list[dict[str, Any]]:
    """One row for each action and namespace, the actions without a plan last."""
    await close_shadows(house)
    async with house.store.transaction() as tx:
        records = await tx.outcomes()
        groups: dict[tuple[str, str], list[OutcomeRecord]] = defaultdict(list)
        for record in records:
            groups[record.action, record.namespace].append(record)
        return [
            _row(key, found, (await standing_of(house, tx, *key)).because)
            for key, found in sorted(groups.items(), reverse=True)
        ]


def _row(key: tuple[str, str], found: list[OutcomeRecord], because: str) -> dict[str, Any]:
    counts = Counter(r.word for r in found)
    minutes = sum(r.minutes for r in found if Word(r.word).right)
    words = {word.value: counts[word.value] for word in Word}
    return {
        "action": key[0],
        "namespace": key[1],
        **words,
        "minutes": round(minutes, 1),
        "standing": because if key[0] else "no plan was made",
    }


async def allow(house: House, action: str, namespace: str, *, by: str) -> None:
    """Raises Conflict where it is not earned, InvalidInput for an action that never acts alone."""
    known = plugins(SHELF, "ACTION")
    if action not in known or not known[action].automatic:
        may = ", ".join(n for n, a in known.items() if a.automatic)
        raise InvalidInput(f"{action} never acts alone", field="action", hint=f"these may: {may}")
    now = house.clock.now()
    async with house.store.transaction() as tx:
        found = await standing_of(house, tx, action, namespace)
        if not found.earned:
            raise Conflict(found.because)
        await tx.grant(action, namespace, by, now)
        await tx.audit(by, "autonomy.granted", f"{action} {namespace}", {"because": found.because}, now)


async def disallow(house: House, action: str, namespace: str, *, by: str) -> None:
    """Taken back at once, for plans under way too."""
    async with house.store.transaction() as tx:
        await tx.revoke(action, namespace)
        await tx.audit(by, "autonomy.revoked", f"{action} {namespace}", {}, house.clock.now())
