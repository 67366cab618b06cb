"""Learn an incident that is over, and find those that looked alike. PostgreSQL keeps the vectors, the index searches them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from watchkeeper.domain.errors import ModelError
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.memory import PastIncident, Situation, Tried
from watchkeeper.llm.embedding import Floats
from watchkeeper.recall import offline_embedding
from watchkeeper.recall.portrait import situation_of
from watchkeeper.store.port import PlanRecord, Transaction
from watchkeeper.workflows.house import House

log = logging.getLogger(__name__)
_BATCH = 1000
_OWN, _MODEL = 0.8, 0.6
"""How our own embedding and a model's are weighed in one vector of length 1."""


@dataclass(frozen=True, slots=True)
class Similar:
    """A past incident, how alike it is (cosine), and what they share."""

    past: PastIncident
    similarity: float
    because: tuple[str, ...]


def embedder_name(house: House) -> str:
    """Stands beside each vector: those of another name are made anew by the periodic job."""
    own = offline_embedding.NAME
    return own if house.embedder is None else f"{own}+{house.embedder.name}"


async def remember(house: House, incident_id: str) -> None:
    """Keep what it looked like, what was tried and how it ended. May run twice: the same row is written over."""
    async with house.store.transaction() as tx:
        incident = await tx.incident(incident_id)
        past = await _past(tx, incident)
    vector = await embedded(house, past.situation)
    async with house.store.transaction() as tx:
        await tx.save_memory(past, embedder_name(house), vector.astype("<f4").tobytes())


async def remember_closed(house: House, limit: int = 200) -> int:
    """Every incident that ended since the last time, however it was closed; how many there were."""
    async with house.store.transaction() as tx:
        ids = await tx.unremembered(embedder_name(house), limit)
    for incident_id in ids:
        await remember(house, incident_id)
    return len(ids)


async def _past(tx: Transaction, incident: Incident) -> PastIncident:
    plans, timeline = await tx.plans_of(incident.id), await tx.events(incident.id)
    ending = next((e.text for e in reversed(timeline) if e.kind == "incident.resolved"), "")
    return PastIncident(
        id=incident.id, situation=await situation(tx, incident), began=incident.onset, ended=incident.resolved_at or incident.updated_at,
        severity=str(incident.severity), environment=incident.environment, cause_service=incident.cause_service,
        cause_kind=incident.cause_kind, root_cause=incident.root_cause, tried=tuple(tried(r) for r in reversed(plans)), ending=ending,
    )  # fmt: skip


async def situation(tx: Transaction, incident: Incident) -> Situation:
    """What it looks like by its newest diagnosis."""
    alerts = [stored.alert for stored in await tx.alerts_of(incident.id)]
    return situation_of(incident, alerts, await tx.diagnosis(incident.id), await tx.known_calls())


def tried(record: PlanRecord) -> Tried:
    """A plan and what came of it."""
    why = next((str(record.facts[k]) for k in _WHY if record.facts.get(k)), "")
    return Tried(record.plan.action, str(record.plan.target), str(record.state), why)


_WHY = ("undo_because", "failed_because", "void_because", "rejected_because")


async def embedded(house: House, looks: Situation) -> Floats:
    """Our own vector, and behind it a model's where there is one; a model that does not answer only makes it poorer."""
    own = offline_embedding.embed(looks)
    if house.embedder is None:
        return own
    try:
        model = (await house.embedder.embed([offline_embedding.described(looks)]))[0]
    except ModelError as error:
        log.warning("no embedding from %s: %s", house.embedder.name, error)
        model = np.zeros(house.embedder.dimensions, np.float32)
    return np.concatenate([_OWN * own, _MODEL * model]).astype(np.float32)


async def similar(house: House, incident_id: str, limit: int = 3) -> list[Similar]:
    """Past incidents that looked like this one, most alike first. None where there is no index, or it does not answer."""
    async with house.store.transaction() as tx:
        looks = await situation(tx, await tx.incident(incident_id))
    try:
        await fill(house)
        found = await _nearest(house, looks, limit + 1)
    except ModelError as error:
        log.warning("similar incidents could not be looked for: %s", error)
        return []
    near = {subject: score for subject, score in found.items() if subject != incident_id}
    async with house.store.transaction() as tx:
        known = await tx.memories(list(near))
    ordered = sorted((s for s in near if s in known), key=lambda s: (-near[s], s))[:limit]
    return [Similar(known[s], round(near[s], 3), offline_embedding.shared(looks, known[s].situation)) for s in ordered]


async def _nearest(house: House, looks: Situation, limit: int) -> Mapping[str, float]:
    if house.index is None:
        return {}
    found = await house.index.nearest(await embedded(house, looks), limit)
    return {subject: score for subject, score in found if score >= house.settings.recall.least_similarity}


async def fill(house: House) -> None:
    """Bring the index up to what the store holds; other processes may have written. Raises ModelError."""
    index, name = house.index, embedder_name(house)
    if index is None:
        return
    if index.embedder not in ("", name):
        await index.clear()
        index.holds = 0
    index.embedder = name
    while True:
        async with house.store.transaction() as tx:
            news = await tx.vectors_after(name, index.holds, _BATCH)
        if not news:
            return
        await index.put([(v.subject, np.frombuffer(v.data, "<f4").astype(np.float32)) for v in news])
        index.holds = news[-1].seq
