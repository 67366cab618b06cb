"""A person says of what the scanner saw: that was real, or that was noise. One function for console, chat, API and command line."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.detect.knob import demanded
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.sighting import SOURCE, Feedback
from watchkeeper.store.port import Transaction
from watchkeeper.workflows.house import House
from watchkeeper.workflows.scan import MEMORY


async def give_feedback(house: House, subject: str, *, real: bool, by: str, words: str = "") -> Mapping[str, Any]:
    """`subject`: an incident the scanner opened or joined, or a sighting's fingerprint. The newest word on it counts.

    Returns the services it touches, each with what was said lately and how far out its signals must lie from now on.
    Raises NotFound, and InvalidInput for an incident in which the scanner had no part.
    """
    now = house.clock.now()
    async with house.store.transaction() as tx:
        services = await _services(tx, subject)
        for service in services:
            await tx.save_feedback(Feedback(subject, service, real, by, now, words))
        await tx.audit(
            by, "feedback.real" if real else "feedback.noise", subject, {"services": services, "words": words}, now
        )
        said = await tx.feedback_by_service(now - MEMORY)
    return {
        "subject": subject, "real": real,
        "services": {
            s: {"real": said[s][0], "noise": said[s][1], "margin": round(demanded(*said[s]), 2)} for s in services
        },
    }  # fmt: skip


async def _services(tx: Transaction, subject: str) -> list[str]:
    if "/" in subject:
        return [(await tx.sighting(subject))[0].service]
    await tx.incident(subject)
    ours = {s.service for s in await tx.sightings_of(subject)}
    if not ours:
        hint = f"only what came from the source `{SOURCE}` can be called real or noise"
        raise InvalidInput(f"the scanner had no part in {subject}", field="subject", hint=hint)
    return sorted(ours)
