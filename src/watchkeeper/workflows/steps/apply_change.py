"""Carry an approved plan out: pull request, checks, merge, rollout. All is checked again at the moment of use."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from watchkeeper import observe
from watchkeeper.codehosts.port import ChecksState, CodeHost, PullRequest
from watchkeeper.domain.errors import MergeRefused
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.domain.people import Person, directory_of
from watchkeeper.domain.remediation import Approval, NeedsApproval, Plan
from watchkeeper.domain.severity import Role
from watchkeeper.remediate.approvers import refuse_approver
from watchkeeper.remediate.judge import authorise, now_forbidden
from watchkeeper.remediate.live import ROLLING, UNSEEN, fields_hold, rollout_complete
from watchkeeper.settings import RemediationSettings
from watchkeeper.store.port import PlanRecord, PlanState, Transaction
from watchkeeper.workflows.background import still_alone
from watchkeeper.workflows.house import House
from watchkeeper.workflows.progress import branch_of, current_plan, escalate, holding, look_again, moment, move
from watchkeeper.workflows.pull_request_words import body_of, title_of
from watchkeeper.workflows.review_change import broken_by
from watchkeeper.workflows.take_over import taken_over


async def step(house: House, incident: Incident) -> None:
    """applying -> verifying, or void, or escalated."""
    record = await current_plan(house, incident, PlanState.APPROVED, PlanState.APPLYING, PlanState.APPLIED)
    if record is None:
        await escalate(house, incident, "there is no approved plan to carry out")
    elif record.facts.get("merge_sha"):
        await _await_rollout(house, incident, record)
    elif (merged := await _merged_before(house, record)) is not None:
        await _note_merge(house, incident, record, merged)
    elif refusal := await _refused(house, record):
        await _void(house, incident, record, refusal)
    elif house.settings.remediation.dry_run:
        await _dry_run(house, incident, record)
    elif (host := house.host_of(record.plan)) is None:
        await escalate(house, incident, "no code host is configured: the plan stays a suggestion", record)
    else:
        await _deliver(house, host, incident, record)


async def _merged_before(house: House, record: PlanRecord) -> PullRequest | None:
    """The merge whose answer was lost, if there was one: what is done is adopted, not judged again."""
    number, host = record.facts.get("pull_request"), house.host_of(record.plan)
    if not number or host is None:
        return None
    pull = await host.pull_request(int(number))
    return pull if pull.state == "merged" else None


async def _refused(house: House, record: PlanRecord) -> str:
    """Why the plan may not go on ("" if it may): digest, approvals and who gave them, expiry, freeze, kill switch,
    takeovers, what the action has earned, and a target that changed."""
    plan, rules = record.plan, house.settings.remediation
    async with house.store.transaction() as tx:
        approvals = await tx.approvals_of(plan.id)
        stopped = rules.kill_switch or bool(await tx.flag("kill_switch"))
        reasons = [
            await taken_over(house, tx, plan), await still_alone(house, tx, plan, record.verdict),
            *[await _lost(house, tx, record, approval) for approval in approvals],
        ]  # fmt: skip
    approval: Approval | None = approvals[0] if approvals else None
    # The time to decide ends the approval, not the work that follows it in time.
    decided_at = approval.at if approval else house.clock.now()
    problem = authorise(
        plan, approval, record.verdict, decided_at, kill_switch=stopped, further=approvals[1:]
    ) or now_forbidden(plan, rules, house.guard, house.clock.now())
    problem = problem or next(filter(None, reasons), "")
    if problem:
        return problem
    live = await live_object(house, plan)
    if live is not None and not fields_hold(live, plan.fields, after=False):
        return "somebody changed the target since the plan was made"
    return ""


async def _lost(house: House, tx: Transaction, record: PlanRecord, approval: Approval) -> str:
    """Is the one who agreed still somebody who may? "" if so."""
    person = await tx.person_of(directory_of(approval.door), approval.by)
    if person is None and approval.person:
        return f"{approval.by} is no longer linked to {approval.person}"
    problem = refuse_approver(person, approval.role, record.plan, record.verdict, replace_scopes(house, person))
    if problem:
        return f"the approval does not hold any more: {problem}"
    tokens = await tx.token_roles(approval.by, house.clock.now())
    needed = record.verdict.role if isinstance(record.verdict, NeedsApproval) else Role.APPROVER
    if tokens and not any(valid and Role(role).covers(needed) for role, valid in tokens):
        return f"the approval does not hold any more: {approval.by} has lost the role since"
    return ""


def replace_scopes(house: House, person: Person | None) -> RemediationSettings:
    """Scopes by team were looked at when the word was given; here the person and the role count."""
    rules = house.settings.remediation
    if person is None or all(s.team == "*" for s in rules.approvers):
        return rules
    return rules.model_copy(update={"approvers": ()})


async def _dry_run(house: House, incident: Incident, record: PlanRecord) -> None:
    async with holding(house, incident) as tx:
        await tx.set_plan(record.plan.id, PlanState.VOID, {"void_because": "dry run"})
        words = f"dry run: would have opened a pull request to {title_of(record.plan)}; nothing was changed"
        data = {"plan": record.plan.id, "manual_commands": list(record.plan.manual_commands)}
        await move(house, tx, incident, Stage.ESCALATED, "change.dry_run", words, data)


async def _deliver(house: House, host: CodeHost, incident: Incident, record: PlanRecord) -> None:
    plan = record.plan
    pull = await host.find_pull_request(branch_of(plan))
    if pull is None:
        for edit in plan.edits:
            if (await host.read_file(edit.path, plan.base_branch) or "") != edit.before:
                await _void(house, incident, record, f"{edit.path} changed since the plan was made")
                return
        broken = await broken_by(plan.edits, house.clock.now().date())
        if broken:
            words = "; ".join(f"{f.policy} {f.title} in {f.path}" for f in broken)
            await _void(house, incident, record, f"the change would break policies: {words}")
            return
        pull = await host.propose(
            branch=branch_of(plan), base=plan.base_branch, files={e.path: e.after for e in plan.edits},
            title=title_of(plan), body=body_of(plan, incident),
            message=f"{title_of(plan)}\n\nIncident: {incident.id}\n",
        )  # fmt: skip
    if "pull_request" not in record.facts:
        await _note_pull_request(house, incident, record, pull)
    elif pull.state == "closed":
        await _void(house, incident, record, "a person closed the pull request")
    elif pull.head_sha != record.facts.get("head_sha"):
        await _void(house, incident, record, "a person changed the pull request after it was approved")
    else:
        await _merge_when_green(house, host, incident, record, pull)


async def _note_pull_request(house: House, incident: Incident, record: PlanRecord, pull: PullRequest) -> None:
    observe.ATTEMPTS.labels(record.plan.action).inc()
    facts = {
        "pull_request": pull.number, "url": pull.url, "head_sha": pull.head_sha,
        "opened_at": house.clock.now().isoformat(),
    }  # fmt: skip
    async with holding(house, incident) as tx:
        await tx.set_plan(record.plan.id, PlanState.APPLYING, facts)
        await move(
            house, tx, incident, Stage.APPLYING, "change.pull_request",
            f"opened pull request #{pull.number}: {title_of(record.plan)}", {"plan": record.plan.id, **facts},
            attempt=incident.attempt + 1,
        )  # fmt: skip


async def _merge_when_green(
    house: House, host: CodeHost, incident: Incident, record: PlanRecord, pull: PullRequest
) -> None:
    checks = await host.checks(pull.head_sha)
    if checks.state is ChecksState.FAILED:
        await escalate(house, incident, f"checks failed on {pull.url}: {checks.words}", record)
    elif checks.state is not ChecksState.PASSED:
        await _wait(house, incident, record, f"no green checks on {pull.url}: {checks.words}")
    elif pull.review_required:
        who = ", ".join(pull.reviewers) or "a reviewer"
        await _wait(house, incident, record, f"{pull.url} waits for a review by {who}")
    elif not house.settings.delivery.auto_merge and plan_needs_merge(record):
        await _wait(house, incident, record, f"{pull.url} is green and waits for a person to merge it")
    else:
        async with house.store.transaction() as tx:
            await tx.set_plan(record.plan.id, PlanState.APPLYING, {"merging": True})
        try:
            merged = await host.merge(pull.number, expected_head=str(record.facts["head_sha"]))
        except MergeRefused as refusal:
            seen = await host.pull_request(pull.number)
            if seen.state == "merged":
                await _note_merge(house, incident, record, seen)
            else:
                await _refuse_merge(house, incident, record, str(refusal))
            return
        await _note_merge(house, incident, record, merged)


def plan_needs_merge(record: PlanRecord) -> bool:
    """What is applied directly has no pull request that a person could merge."""
    return record.plan.route != "direct"


async def _refuse_merge(house: House, incident: Incident, record: PlanRecord, why: str) -> None:
    async with house.store.transaction() as tx:
        await tx.set_plan(record.plan.id, PlanState.APPLYING, {"merging": False})
    await escalate(house, incident, f"the host refused the merge: {why}", record)


async def _wait(house: House, incident: Incident, record: PlanRecord, words: str) -> None:
    """Look again until the deadline, then call a person; say on the timeline once what is waited for."""
    opened = moment(record.facts, "opened_at") or house.clock.now()
    if house.clock.now() > opened + timedelta(minutes=house.settings.remediation.checks_timeout_minutes):
        await escalate(house, incident, words, record)
        return
    async with house.store.transaction() as tx:
        if record.facts.get("waiting_for") != words:
            await tx.set_plan(record.plan.id, PlanState.APPLYING, {"waiting_for": words})
            await tx.add_event(incident.id, "change.checks", words, house.clock.now(), {"plan": record.plan.id})
        await tx.defer_step(incident.id, house.clock.now() + timedelta(seconds=house.settings.remediation.poll_seconds))


async def _note_merge(house: House, incident: Incident, record: PlanRecord, pull: PullRequest) -> None:
    facts = {"merge_sha": pull.merge_sha or pull.head_sha, "merged_at": house.clock.now().isoformat()}
    async with holding(house, incident) as tx:
        await tx.set_plan(record.plan.id, PlanState.APPLIED, facts)
        words = f"merged pull request #{pull.number}"
        await move(house, tx, incident, Stage.APPLYING, "change.merged", words, {"plan": record.plan.id, **facts})


async def _await_rollout(house: House, incident: Incident, record: PlanRecord) -> None:
    if await deployed(house, record.plan):
        async with holding(house, incident) as tx:
            at = house.clock.now().isoformat()
            await tx.set_plan(record.plan.id, PlanState.APPLIED, {"deployed_at": at})
            words = f"the rollout of {record.plan.target.name} is complete"
            await move(house, tx, incident, Stage.VERIFYING, "change.deployed", words, {"plan": record.plan.id})
        return
    merged = moment(record.facts, "merged_at") or house.clock.now()
    minutes = house.settings.remediation.deploy_timeout_minutes
    if house.clock.now() > merged + timedelta(minutes=minutes):
        words = f"merged, but the rollout is not complete after {minutes:g} minutes: inconclusive"
        await escalate(house, incident, words, record)
    else:
        await look_again(house, incident)


async def _void(house: House, incident: Incident, record: PlanRecord, why: str) -> None:
    """The approval no longer holds: close what was opened, say why, call a person."""
    number, host = record.facts.get("pull_request"), house.host_of(record.plan)
    if number and host is not None and "a person" not in why:
        await host.close(int(number), comment=f"Closed by Watchkeeper: {why}.")
    async with holding(house, incident) as tx:
        await tx.set_plan(record.plan.id, PlanState.VOID, {"void_because": why})
        await tx.add_event(incident.id, "approval.void", why, house.clock.now(), {"plan": record.plan.id})
        data = {"plan": record.plan.id, "manual_commands": list(record.plan.manual_commands)}
        await move(house, tx, incident, Stage.ESCALATED, "incident.escalated", f"not carried out: {why}", data)


async def live_object(house: House, plan: Plan) -> Mapping[str, Any] | None:
    """The target as it is now; None without a cluster."""
    if house.objects is None or plan.target.kind in UNSEEN:
        return None
    return await house.objects.get(plan.target.kind, plan.target.namespace, plan.target.name)


async def deployed(house: House, plan: Plan, *, undo: bool = False) -> bool:
    """Does the live object show the planned fields, and is its rollout complete?"""
    live = await live_object(house, plan)
    if live is None:
        # What no cluster shows (a node pool), or an object that an undo takes away again.
        return plan.target.kind in UNSEEN or (undo and not plan.fields)
    rolls = plan.target.kind in ROLLING
    return fields_hold(live, plan.fields, after=not undo) and (not rolls or rollout_complete(live))
