"""Read the evidence, rank the causes, word them."""

import asyncio
import time
from datetime import timedelta

from watchkeeper import observe
from watchkeeper.diagnose import severity as severity_rule
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.diagnose.exhibits import exhibits
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.workflows.gather import gather
from watchkeeper.workflows.house import House
from watchkeeper.workflows.progress import holding, look_again, move
from watchkeeper.workflows.second_look import Look, second_look
from watchkeeper.workflows.suggest_draft import suggest_draft


async def step(house: House, incident: Incident) -> None:
    """opened -> diagnosed. Waits a little first, so that symptoms can show."""
    ready_at = incident.opened_at + timedelta(seconds=house.settings.evidence.settle_seconds)
    if house.clock.now() < ready_at:
        await look_again(house, incident, (ready_at - house.clock.now()).total_seconds())
        return
    started = time.monotonic()
    async with house.store.transaction() as tx:
        alerts = [stored.alert for stored in await tx.alerts_of(incident.id)]
    evidence = await gather(house, incident, alerts)
    look = await second_look(house, incident, await asyncio.to_thread(diagnose, evidence))
    diagnosis = look.diagnosis
    facts = _facts(look)
    if look.draft is not None:
        facts["draft_for_people"] = await suggest_draft(house, incident, look.draft)
    pictures = await asyncio.to_thread(exhibits, evidence, diagnosis)
    severity = severity_rule.assess(incident.severity, diagnosis, evidence, incident.environment)
    observe.DIAGNOSIS_SECONDS.observe(time.monotonic() - started)
    observe.CONFIDENCE.observe(diagnosis.cause.confidence if diagnosis.cause else 0.0)
    async with holding(house, incident) as tx:
        await tx.save_diagnosis(incident.id, diagnosis, house.clock.now())
        await tx.save_exhibits(incident.id, pictures)
        await move(
            house, tx, incident, Stage.DIAGNOSED, "incident.diagnosed", diagnosis.root_cause, facts,
            severity=severity, root_cause=diagnosis.root_cause,
            cause_service=diagnosis.cause.service if diagnosis.cause else "",
            cause_kind=diagnosis.cause.kind if diagnosis.cause else "",
            confidence=diagnosis.cause.confidence if diagnosis.cause else None,
        )  # fmt: skip


def _facts(look: Look) -> dict[str, object]:
    diagnosis = look.diagnosis
    ranked = [
        {"service": h.service, "kind": h.kind, "indicator": h.indicator, "confidence": round(h.confidence, 3)}
        for h in diagnosis.hypotheses[:5]
    ]
    missing = [f"{m.signal}: {m.reason}" for m in diagnosis.missing]
    facts: dict[str, object] = {"ranked": ranked, "missing": missing, "abstained": diagnosis.abstained}
    if diagnosis.model != "offline":
        facts |= {
            "model": diagnosis.model,
            "worded_by_model": sum(s.author == diagnosis.model for s in diagnosis.sentences),
        }
    if look.dropped:
        facts["not_accepted_of_model"] = list(look.dropped)
    return facts
