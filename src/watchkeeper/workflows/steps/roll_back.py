"""Take a repair back, and only while the object is still what we left."""

from datetime import timedelta

from watchkeeper import observe
from watchkeeper.codehosts.port import ChecksState
from watchkeeper.domain.errors import MergeRefused
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.remediate.live import UNSEEN
from watchkeeper.remediate.verify import live_is_ours
from watchkeeper.store.port import PlanRecord, PlanState
from watchkeeper.workflows.house import House
from watchkeeper.workflows.progress import branch_of, current_plan, escalate, holding, look_again, moment, move
from watchkeeper.workflows.steps.apply_change import deployed


async def step(house: House, incident: Incident) -> None:
    """rolling_back -> rolled_back (a person stays called), or escalated where somebody else changed the object."""
    record = await current_plan(house, incident, PlanState.APPLIED)
    if record is None or house.host_of(record.plan) is None:
        await escalate(house, incident, "the repair made it worse and there is nothing to undo it with", record)
        return
    if not record.facts.get("undo_merge_sha"):
        await _merge_undo(house, incident, record)
        return
    if await deployed(house, record.plan, undo=True):
        observe.ROLLBACKS.labels(record.plan.action).inc()
        async with holding(house, incident) as tx:
            await tx.set_plan(record.plan.id, PlanState.UNDONE, {"undone_at": house.clock.now().isoformat()})
            words = f"{record.plan.undo_words}; a person is called"
            await move(house, tx, incident, Stage.ROLLED_BACK, "change.undone", words, {"plan": record.plan.id})
    elif _late(house, record):
        await escalate(house, incident, "the undo was merged but did not roll out in time", record)
    else:
        await look_again(house, incident)


async def _merge_undo(house: House, incident: Incident, record: PlanRecord) -> None:
    plan, host = record.plan, house.host_of(record.plan)
    assert host is not None
    if not plan.reversible:
        await escalate(house, incident, "the repair did not help and cannot be undone: it stays", record)
        return
    live = await _live(house, record)
    if plan.target.kind not in UNSEEN and (live is None or not live_is_ours(live, plan)):
        await escalate(house, incident, "the object is no longer what we left; nothing is undone", record)
        return
    pull = await host.propose(
        branch=branch_of(plan, undo=True), base=plan.base_branch, files={e.path: e.after for e in plan.undo},
        title=f"Undo: {plan.action.replace('_', ' ')} of {plan.target.name}",
        body=f"Watchkeeper undoes its own change for {incident.id}: it did not help.\n",
        message=f"Undo {plan.action} of {plan.target.name}\n\nIncident: {incident.id}\nPlan: {plan.id}\n",
    )  # fmt: skip
    if pull.state != "merged":
        checks = await host.checks(pull.head_sha)
        if checks.state is ChecksState.FAILED or (checks.state is not ChecksState.PASSED and _late(house, record)):
            await escalate(house, incident, f"the undo's checks do not pass: {checks.words} ({pull.url})", record)
            return
        if checks.state is not ChecksState.PASSED:
            await look_again(house, incident)
            return
        try:
            pull = await host.merge(pull.number, expected_head=pull.head_sha)
        except MergeRefused as refusal:
            await escalate(house, incident, f"the undo could not be merged: {refusal} ({pull.url})", record)
            return
    async with house.store.transaction() as tx:
        facts = {"undo_pull_request": pull.number, "undo_merge_sha": pull.merge_sha or pull.head_sha}
        await tx.set_plan(plan.id, PlanState.APPLIED, facts)
    await look_again(house, incident, 0)


async def _live(house: House, record: PlanRecord) -> dict[str, object] | None:
    target = record.plan.target
    if house.objects is None or target.kind in UNSEEN:
        return None
    found = await house.objects.get(target.kind, target.namespace, target.name)
    return dict(found) if found else None


def _late(house: House, record: PlanRecord) -> bool:
    since = moment(record.facts, "undo_since") or moment(record.facts, "deployed_at")
    minutes = house.settings.remediation.deploy_timeout_minutes + house.settings.remediation.checks_timeout_minutes
    return since is not None and house.clock.now() > since + timedelta(minutes=minutes)
