"""An incident's one message on a platform: claimed in the store, written without a transaction, then noted."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from watchkeeper.chat.cards import Card
from watchkeeper.chat.conversation import card_for
from watchkeeper.domain.errors import SourceUnavailable
from watchkeeper.store.ports.chat import Said
from watchkeeper.workflows.house import House

Write = Callable[[Card, Said | None], Awaitable[tuple[str, str]]]
"""The card and the message that is to be edited (None: a new one) to (place, message id)."""
_CLAIMED = timedelta(seconds=60)
"""Longer than a platform's client tries; who dies in between is followed after this."""
_PAUSE, _LOOKS = 0.2, 100


async def show(house: House, platform: str, incident_id: str, write: Write) -> tuple[Said, Card]:
    """The message as it should be, written at most once at a time in the installation; the same again is not written.

    Raises SourceUnavailable where somebody else keeps writing it, and what `write` raises.
    """
    mine = house.ids.new("say")
    for _ in range(_LOOKS):
        card = await card_for(house, incident_id)
        now = house.clock.now()
        async with house.store.transaction() as tx:
            before = await tx.said_in_chat(platform, incident_id)
            if before is not None and before.digest == card.digest:
                return before, card
            claimed = await tx.claim_chat(platform, incident_id, mine, now, now + _CLAIMED)
        if claimed:
            return await _written(house, platform, mine, incident_id, write)
        await asyncio.sleep(_PAUSE)
    raise SourceUnavailable(f"{platform}: the message of {incident_id} is being written elsewhere")


async def _written(house: House, platform: str, mine: str, incident_id: str, write: Write) -> tuple[Said, Card]:
    """By the holder of the claim. The card and the message are looked at again: both may be newer than before the claim."""
    said: Said | None = None
    try:
        card = await card_for(house, incident_id)
        async with house.store.transaction() as tx:
            before = await tx.said_in_chat(platform, incident_id)
        if before is not None and before.digest == card.digest:
            return before, card
        place, message = await write(card, before)
        said = Said(platform, incident_id, place, message, card.digest)
        return said, card
    finally:
        async with house.store.transaction() as tx:
            if said is not None:
                await tx.note_said(said, house.clock.now())
            await tx.drop_chat_claim(platform, incident_id, mine)
