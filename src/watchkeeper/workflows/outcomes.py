"""How a plan turned out: ours by its proof, those we only thought of by what people did."""

from collections.abc import Mapping
from typing import Any

from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.incident import Incident
from watchkeeper.domain.remediation import Plan
from watchkeeper.remediate.live import UNSEEN
from watchkeeper.remediate.shadow import Word, compared, deeds, snapshot
from watchkeeper.store.port import PlanRecord, Transaction
from watchkeeper.store.ports.standing import OutcomeRecord, Shadow
from watchkeeper.workflows.house import House


async def keep_outcome(house: House, tx: Transaction, record: PlanRecord, word: Word, because: str) -> None:
    """Of a plan that was carried out. One that did harm takes its autonomy back."""
    plan, now = record.plan, house.clock.now()
    minutes = (now - plan.created_at).total_seconds() / 60
    await tx.add_outcome(
        OutcomeRecord(plan.incident_id, plan.id, plan.action, plan.target.namespace, str(word), because, minutes, now)
    )
    await _note(house, tx, plan.id, plan.action, plan.target.namespace, word, because)


async def _note(
    house: House, tx: Transaction, plan_id: str, action: str, namespace: str, word: Word, because: str
) -> None:
    now = house.clock.now()
    await tx.audit(
        "watchkeeper", "plan.outcome", plan_id, {"action": action, "word": str(word), "because": because}, now
    )
    if word is Word.HARMED and (action, namespace) in await tx.grants():
        await tx.revoke(action, namespace)
        await tx.audit("watchkeeper", "autonomy.revoked", f"{action} {namespace}", {"because": because}, now)


async def keep_shadow(house: House, tx: Transaction, incident: Incident, plan: Plan | None) -> None:
    """What we would have done, with the target as it is now; without a plan, that we abstained."""
    live = await _live(house, plan)
    target = str(plan.target) if plan else f"{incident.namespace}/*/{incident.cause_service or incident.service}"
    await tx.save_shadow(
        Shadow(
            incident.id, plan.id if plan else "", plan.action if plan else "", plan.target.namespace if plan else incident.namespace,
            target, house.clock.now(), snapshot(live) if live else {},
        )
    )  # fmt: skip


async def _live(house: House, plan: Plan | None) -> Mapping[str, Any] | None:
    """The target as it is now; None where it cannot be seen, which no step may fail for."""
    if plan is None or house.objects is None or plan.target.kind in UNSEEN:
        return None
    try:
        return await house.objects.get(plan.target.kind, plan.target.namespace, plan.target.name)
    except SourceError:
        return None


async def close_shadows(house: House) -> int:
    """Compare the shadows of resolved incidents with what people did; how many were closed."""
    async with house.store.transaction() as tx:
        waiting = await tx.open_shadows()
    for shadow, ended in waiting:
        async with house.store.transaction() as tx:
            plan = (await tx.plan(shadow.plan_id)).plan if shadow.plan_id else None
        live = await _live(house, plan)
        done = deeds(shadow.snapshot, snapshot(live)) if live is not None and shadow.snapshot else ()
        word, because = compared(plan, done)
        minutes = max((ended - shadow.planned_at).total_seconds() / 60, 0.0)
        async with house.store.transaction() as tx:
            kept = await tx.add_outcome(
                OutcomeRecord(
                    shadow.incident_id,
                    shadow.plan_id,
                    shadow.action,
                    shadow.namespace,
                    str(word),
                    because,
                    minutes,
                    ended,
                )
            )
            if kept:
                await _note(
                    house, tx, shadow.plan_id or shadow.incident_id, shadow.action, shadow.namespace, word, because
                )
    return len(waiting)
