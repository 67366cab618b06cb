"""Temporary mitigations whose time is over: a pull request that takes them away, for a person to merge."""

import logging

from watchkeeper.codehosts.port import CodeHost
from watchkeeper.domain.errors import CodeHostError
from watchkeeper.domain.escaping import for_markdown_line
from watchkeeper.store.port import PlanRecord
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job
from watchkeeper.workflows.progress import branch_of
from watchkeeper.workflows.pull_request_words import title_of

log = logging.getLogger(__name__)


async def _run(house: House) -> None:
    async with house.store.transaction() as tx:
        due = await tx.expired_mitigations(house.clock.now())
    for record in due:
        host = house.codehost
        if host is None or record.plan.route == "direct":
            await _note(house, record, "it was applied directly: a person takes it back by hand", {})
            continue
        try:
            await _propose(house, host, record)
        except CodeHostError as error:
            log.warning("the removal of %s could not be proposed: %s", record.plan.id, error)


async def _propose(house: House, host: CodeHost, record: PlanRecord) -> None:
    plan = record.plan
    for edit in plan.edits:
        if await host.read_file(edit.path, plan.base_branch) != edit.after:
            await _note(house, record, f"{edit.path} changed since: nothing is proposed", {})
            return
    pull = await host.propose(
        branch=branch_of(plan, undo=True), base=plan.base_branch, files={e.path: e.after for e in plan.undo},
        title=f"Take back: {title_of(plan)}",
        body=f"This was meant to last until {plan.lasts_until:%Y-%m-%d %H:%M} UTC. {for_markdown_line(plan.undo_words)}\n\nA person merges this.\n",
        message=f"Take back {plan.action} of {plan.target.name}\n\nIncident: {plan.incident_id}\nPlan: {plan.id}\n",
    )  # fmt: skip
    await _note(house, record, f"its removal is proposed: #{pull.number}", {"removal_pull_request": pull.number})


async def _note(house: House, record: PlanRecord, words: str, facts: dict[str, int]) -> None:
    now = house.clock.now()
    async with house.store.transaction() as tx:
        await tx.set_plan(record.plan.id, record.state, {"removal": words, **facts})
        await tx.add_event(
            record.plan.incident_id,
            "person.noted",
            f"a temporary mitigation is over: {words}",
            now,
            {"plan": record.plan.id},
        )
        await tx.audit("watchkeeper", "plan.removal", record.plan.id, {"words": words}, now)


JOB = Job(seconds=lambda settings: 600, run=_run)
