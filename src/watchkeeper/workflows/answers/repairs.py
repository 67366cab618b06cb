"""Repairs: what is proposed, what waits for a person, what was carried out or failed, and who decided."""

from datetime import datetime, timedelta

from watchkeeper.ask.amounts import clock, listed, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.question import Question
from watchkeeper.domain.escaping import visible
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.store.port import PlanRecord, PlanState
from watchkeeper.workflows.answers.seen import incidents_in
from watchkeeper.workflows.answers.wording import fix_words, link_to
from watchkeeper.workflows.house import House

_SHOWN = 10
_DONE = (PlanState.APPLIED, PlanState.SUCCEEDED, PlanState.UNDONE, PlanState.FAILED, PlanState.APPLYING)
_RUNNING = (PlanState.APPROVED, PlanState.APPLYING, PlanState.APPLIED)
_FAILED = (PlanState.FAILED, PlanState.UNDONE, PlanState.REJECTED, PlanState.VOID)
_HEADS = {
    "waiting": "waiting for approval", "done": "carried out", "failed": "failed, taken back or not wanted", "running": "under way", "any": "on record", "who": "on record",
}  # fmt: skip


async def plans(house: House, question: Question, asker: Asker) -> Answer:
    """Those of an incident, a service or a time, by how they stand."""
    found = await _of(house, question, asker)
    detail = question.detail if question.detail in _HEADS else "done"
    match detail:
        case "waiting":
            found = [(i, r) for i, r in found if _waits(i, r, asker.now)]
        case "done":
            found = [(i, r) for i, r in found if r.state in _DONE]
        case "running":
            found = [(i, r) for i, r in found if r.state in _RUNNING]
        case "failed":
            found = [(i, r) for i, r in found if r.state in _FAILED]
    words = f" {question.span.within()}" if question.span.named and question.span.words != "now" else ""
    who = (
        f" for {question.incident or listed(list(question.services))}" if question.incident or question.services else ""
    )
    data = {
        "count": len(found),
        "plans": [{"id": r.plan.id, "incident": i.id, "action": r.plan.action, "target": str(r.plan.target), "state": str(r.state)} for i, r in found],
    }  # fmt: skip
    if not found:
        return Answer(_none(detail, who, words), data)
    if detail == "who":
        lines = [line for i, r in found[:_SHOWN] for line in await _decisions(house, i, r, asker)]
    else:
        lines = [f"{r.plan.id}: {fix_words(r)} for {i.id} ({_state(i, r, asker.now)})" for i, r in found[:_SHOWN]]
    head = f"{plural(len(found), 'repair')}{who} {_HEADS[detail]}{words}:"
    return Answer("\n".join([head, *lines]), data, links=tuple(link_to(house, i) for i, _ in found[:5]))


async def _of(house: House, question: Question, asker: Asker) -> list[tuple[Incident, PlanRecord]]:
    """Plans of the incidents that are meant; with a named time those that were decided or carried out in it."""
    if question.incident:
        async with house.store.transaction() as tx:
            incidents = [await tx.incident(question.incident)]
    else:
        start = question.span.start if question.span.named else asker.now - timedelta(days=30)
        incidents = (await incidents_in(house, start, question.span.end))[:200]
    async with house.store.transaction() as tx:
        found = [(i, r) for i in incidents for r in await tx.plans_of(i.id) if r.plan.created_at <= question.span.end]
    if question.latest:
        found = sorted(found, key=lambda one: one[1].plan.created_at)[-1:]
    if question.services:
        found = [(i, r) for i, r in found if r.plan.target.name in question.services]
    return found


def _waits(incident: Incident, record: PlanRecord, now: datetime) -> bool:
    return (
        record.state is PlanState.PROPOSED
        and incident.stage is Stage.AWAITING_APPROVAL
        and record.plan.expires_at > now
    )


def _state(incident: Incident, record: PlanRecord, now: datetime) -> str:
    return "waits for approval" if _waits(incident, record, now) else str(record.state)


def _none(detail: str, who: str, words: str) -> str:
    place = words or " in the last 30 days"
    match detail:
        case "waiting":
            return f"Nothing{who} is waiting for approval."
        case "done":
            return f"No repair{who} was carried out{place}."
        case "running":
            return f"No repair{who} is under way."
        case "failed":
            return f"No repair{who} failed or was taken back{place}."
        case _:
            return f"No repair{who} is on record{place}: nothing was proposed, and nothing done. Repairs are planned from evidence, with an incident."


async def _decisions(house: House, incident: Incident, record: PlanRecord, asker: Asker) -> list[str]:
    async with house.store.transaction() as tx:
        decided = await tx.approvals_of(record.plan.id)
    what = f"{record.plan.id}: {fix_words(record)} for {incident.id} ({_state(incident, record, asker.now)})"
    if not decided:
        return [f"{what}: nobody's decision is on record"]
    said = "; ".join(
        f"{a.decision} by {visible(a.person or a.by)} ({a.door}) at {clock(a.at, asker.zone, asker.now)}"
        for a in decided
    )
    return [f"{what}: {said}"]
