"""A question about an incident: answered as any other, with the incident in mind, and kept with it."""

import json
import re

from watchkeeper.ask.answer import Answer
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.redaction import redact
from watchkeeper.store.ports.conversation import Exchange
from watchkeeper.workflows.answer import answer
from watchkeeper.workflows.house import House

LONGEST = 2000
_MOST_NUMBERS, _MOST_PICTURE = 20_000, 60_000
"""Characters beyond which the numbers or the picture of an answer are shown once and not kept."""
_THIS = re.compile(r"\bthis incident\b|\b(?:this|it)\b(?= (?:happen|start|begin|break|fail)\w*)", re.IGNORECASE)


async def ask_about(house: House, incident_id: str, words: str, *, by: str, door: str, zone: str = "") -> Answer:
    """Raises NotFound, and InvalidInput for no words or an unknown time zone."""
    words = redact(words.strip()[:LONGEST])
    if not words:
        raise InvalidInput("there is no question", field="query")
    async with house.store.transaction() as tx:
        incident = await tx.incident(incident_id)
    said = await answer(house, about(words, incident_id), incident.service, zone)
    async with house.store.transaction() as tx:
        await tx.add_exchange(_exchange(incident_id, words, said, by, door, house))
    return said


def about(words: str, incident_id: str) -> str:
    """ "why did this happen?" names the incident it stands beside."""
    return _THIS.sub(incident_id, words)


def examples(service: str) -> tuple[str, ...]:
    """What one may ask of an incident whose cause is, or whose alerts name, this service."""
    return (
        "why did this happen?", f"is {service} healthy?", f"errors of {service} in the last hour",
        f"what changed in {service} today?", f"who calls {service}?",
    )  # fmt: skip


def _exchange(incident_id: str, words: str, said: Answer, by: str, door: str, house: House) -> Exchange:
    small = len(json.dumps(dict(said.data), default=str)) <= _MOST_NUMBERS
    return Exchange(
        incident_id, house.clock.now(), by, door, words, said.text, said.data if small else {},
        said.picture if len(said.picture) <= _MOST_PICTURE else "",
        tuple((link.title, link.url) for link in said.links), said.nearest,
    )  # fmt: skip
