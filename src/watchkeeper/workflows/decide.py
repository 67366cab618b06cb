"""A person's word on a plan. It binds to the digest they were shown; where two people must agree, the second one's word acts."""

from collections.abc import Sequence
from dataclasses import replace

from watchkeeper.domain.errors import Conflict, NotAllowed
from watchkeeper.domain.people import Person, directory_of
from watchkeeper.domain.remediation import Approval, Decision, Denied, NeedsApproval
from watchkeeper.domain.severity import Role
from watchkeeper.remediate.approvers import refuse_approver, refuse_second, team_of
from watchkeeper.store.port import PlanRecord, PlanState, Transaction
from watchkeeper.workflows.house import House


async def decide(
    house: House, plan_id: str, *, digest: str, decision: Decision, by: str, role: Role, door: str, reason: str
) -> PlanRecord:
    """Approve or reject. Saying the same twice is fine; raises NotAllowed, Conflict, NotFound.

    `by` is the caller's name at that door and `role` what the door says they may do now; the person behind the name, and
    their role today, are looked up here.
    """
    team = await _team(house, plan_id)
    async with house.store.transaction() as tx:
        record = await tx.plan(plan_id)
        await tx.incident(record.plan.incident_id, lock=True)
        record = await tx.plan(plan_id)
        person = await tx.person_of(directory_of(door), by)
        _may(house, record, person, role, team)
        earlier = await tx.approvals_of(plan_id)
        approval = Approval(
            plan_id, digest, decision, by, role, door, house.clock.now(), reason, person.name if person else ""
        )
        said = _said_before(record, earlier, approval)
        if said is not None:
            return said
        _still_open(house, record, digest)
        if problem := refuse_second(person, earlier):
            raise NotAllowed(problem)
        return await _keep(tx, record, approval, earlier)


async def _team(house: House, plan_id: str) -> str:
    if house.objects is None or not any(s.team != "*" for s in house.settings.remediation.approvers):
        return ""
    async with house.store.transaction() as tx:
        target = (await tx.plan(plan_id)).plan.target
    return team_of(await house.objects.get(target.kind, target.namespace, target.name))


def _may(house: House, record: PlanRecord, person: Person | None, role: Role, team: str) -> None:
    if isinstance(record.verdict, Denied):
        raise NotAllowed("policy denies this plan", hint="; ".join(record.verdict.because))
    problem = refuse_approver(person, role, record.plan, record.verdict, house.settings.remediation, team)
    if problem:
        raise NotAllowed(problem, hint=f"yours is {role}")


def _said_before(record: PlanRecord, earlier: Sequence[Approval], approval: Approval) -> PlanRecord | None:
    """The record as it stands where the plan is decided, or where the same caller says the same again."""
    final = record.state is not PlanState.PROPOSED or any(a.decision is Decision.REJECTED for a in earlier)
    against = next((a for a in earlier if a.decision is not approval.decision), None)
    if final and against is not None:
        raise Conflict(f"{against.by} already {against.decision} this plan")
    again = any((a.by, a.door, a.decision) == (approval.by, approval.door, approval.decision) for a in earlier)
    return record if (final and earlier) or again else None


def _still_open(house: House, record: PlanRecord, digest: str) -> None:
    if record.state is not PlanState.PROPOSED:
        raise Conflict(f"this plan is {record.state}; it can no longer be decided")
    if digest != record.plan.digest:
        raise Conflict("the plan changed since you read it", hint="read it again and decide on what it says now")
    if house.clock.now() >= record.plan.expires_at:
        raise Conflict("the time to decide is over", hint="a new plan is made if the trouble goes on")


async def _keep(tx: Transaction, record: PlanRecord, approval: Approval, earlier: Sequence[Approval]) -> PlanRecord:
    plan = record.plan
    approved = approval.decision is Decision.APPROVED
    needed = record.verdict.people if isinstance(record.verdict, NeedsApproval) else 1
    agreed = {a.person or a.by for a in (*earlier, approval) if a.decision is Decision.APPROVED}
    await tx.add_approval(approval)
    words = f"{approval.by} {approval.decision} by {approval.door}" + (
        f": {approval.reason}" if approval.reason else ""
    )
    details = {
        "digest": plan.digest, "door": approval.door, "role": str(approval.role), "reason": approval.reason, "person": approval.person,
    }  # fmt: skip
    await tx.audit(approval.by, f"plan.{approval.decision}", plan.id, details, approval.at)
    if approved and len(agreed) < needed:
        words = f"{words}; {needed - len(agreed)} more must agree"
        await tx.add_event(plan.incident_id, "approval.requested", words, approval.at, {"plan": plan.id})
        return replace(record)
    after = await tx.set_plan(plan.id, PlanState.APPROVED if approved else PlanState.REJECTED)
    kind = "approval.granted" if approved else "approval.rejected"
    await tx.add_event(plan.incident_id, kind, words, approval.at, {"plan": plan.id})
    await tx.defer_step(plan.incident_id)
    return after
