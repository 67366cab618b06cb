"""A person's word on a plan. It binds to the digest they were shown."""

from watchkeeper.domain.errors import Conflict, NotAllowed
from watchkeeper.domain.remediation import Approval, Decision, Denied, NeedsApproval
from watchkeeper.domain.severity import Role
from watchkeeper.store.port import PlanRecord, PlanState, Transaction
from watchkeeper.workflows.house import House


async def decide(
    house: House, plan_id: str, *, digest: str, decision: Decision, by: str, role: Role, door: str, reason: str
) -> PlanRecord:
    """Approve or reject. Saying the same twice is fine; raises NotAllowed, Conflict, NotFound."""
    async with house.store.transaction() as tx:
        record = await tx.plan(plan_id)
        await tx.incident(record.plan.incident_id, lock=True)
        record = await tx.plan(plan_id)
        _may(record, role)
        earlier = await tx.approvals_of(plan_id)
        if earlier:
            return _again(record, earlier[0], decision)
        _still_open(house, record, digest)
        approval = Approval(plan_id, digest, decision, by, role, door, house.clock.now(), reason)
        return await _keep(tx, record, approval)


def _may(record: PlanRecord, role: Role) -> None:
    if isinstance(record.verdict, Denied):
        raise NotAllowed("policy denies this plan", hint="; ".join(record.verdict.because))
    needed = record.verdict.role if isinstance(record.verdict, NeedsApproval) else Role.APPROVER
    if not role.covers(needed):
        raise NotAllowed(f"this plan needs the role {needed}", hint=f"yours is {role}")


def _again(record: PlanRecord, earlier: Approval, decision: Decision) -> PlanRecord:
    if earlier.decision is not decision:
        raise Conflict(f"{earlier.by} already {earlier.decision} this plan")
    return record


def _still_open(house: House, record: PlanRecord, digest: str) -> None:
    if record.state is not PlanState.PROPOSED:
        raise Conflict(f"this plan is {record.state}; it can no longer be decided")
    if digest != record.plan.digest:
        raise Conflict("the plan changed since you read it", hint="read it again and decide on what it says now")
    if house.clock.now() >= record.plan.expires_at:
        raise Conflict("the time to decide is over", hint="a new plan is made if the trouble goes on")


async def _keep(tx: Transaction, record: PlanRecord, approval: Approval) -> PlanRecord:
    plan = record.plan
    await tx.add_approval(approval)
    approved = approval.decision is Decision.APPROVED
    after = await tx.set_plan(plan.id, PlanState.APPROVED if approved else PlanState.REJECTED)
    words = f"{approval.by} {approval.decision} by {approval.door}" + (
        f": {approval.reason}" if approval.reason else ""
    )
    kind = "approval.granted" if approved else "approval.rejected"
    await tx.add_event(plan.incident_id, kind, words, approval.at, {"plan": plan.id})
    details = {"digest": plan.digest, "door": approval.door, "role": str(approval.role), "reason": approval.reason}
    await tx.audit(approval.by, f"plan.{approval.decision}", plan.id, details, approval.at)
    await tx.defer_step(plan.incident_id)
    return after
