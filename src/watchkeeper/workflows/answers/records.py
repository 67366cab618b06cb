"""What the store remembers: incidents, alerts, changes, repairs."""

from datetime import datetime, timedelta
from statistics import median

from watchkeeper.ask.amounts import clock, length, listed, plural
from watchkeeper.ask.answer import Answer, Asker, Link
from watchkeeper.ask.question import Question
from watchkeeper.domain.evidence import Change, Signal, Window
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.store.port import PlanRecord, PlanState
from watchkeeper.workflows.answers.seen import around, incidents_in
from watchkeeper.workflows.house import House

_SHOWN = 10
_STAGE_WORDS = {
    Stage.OPENED: "being diagnosed", Stage.DIAGNOSED: "diagnosed", Stage.PROPOSED: "a repair is proposed", Stage.AWAITING_APPROVAL: "waiting for approval",
    Stage.APPLYING: "the repair is being applied", Stage.VERIFYING: "the repair is applied, recovery is being verified", Stage.ROLLING_BACK: "the repair is being taken back",
    Stage.RESOLVED: "resolved", Stage.ROLLED_BACK: "the repair was taken back; a person is needed", Stage.ESCALATED: "a person has been called",
}  # fmt: skip


def link_to(house: House, incident: Incident) -> Link:
    """The incident's page."""
    base = house.settings.server.public_url.rstrip("/")
    return Link(incident.id, f"{base}/incidents/{incident.id}")


def status_words(incident: Incident, asker: Asker, *, half_days: bool = False) -> str:
    """Where it stands."""
    if incident.stage is Stage.RESOLVED and incident.resolved_at is not None:
        return f"Resolved at {clock(incident.resolved_at, asker.zone, asker.now, half_days=half_days)}, after {length((incident.resolved_at - incident.opened_at).total_seconds())}"
    words = _STAGE_WORDS[incident.stage]
    return f"Open since {clock(incident.opened_at, asker.zone, asker.now, half_days=half_days)}: {words}"


async def incidents(house: House, question: Question, asker: Asker) -> Answer:
    """Those of a span, or those that are open."""
    if question.incident:
        async with house.store.transaction() as tx:
            found = [await tx.incident(question.incident)]
    elif question.detail == "open":
        found = [i for i in await incidents_in(house, asker.now - timedelta(days=30), asker.now) if i.stage.open]
    else:
        start = (
            question.span.start
            if question.span.named
            else asker.now - timedelta(days=1 if question.detail == "story" else 30)
        )
        found = await incidents_in(house, start, question.span.end)
        if question.detail == "resolved":
            found = [i for i in found if i.stage is Stage.RESOLVED]
    if question.services:
        found = [i for i in found if {i.service, i.cause_service} & set(question.services)]
    if question.environment:
        found = [i for i in found if i.environment == question.environment]
    words = question.span.words if question.span.named and question.detail != "open" else ""
    if question.detail == "mttr":
        return _mttr(found, words)
    if question.detail == "last":
        found = found[:1]
    what = (
        "open incident"
        if question.detail == "open"
        else "resolved incident"
        if question.detail == "resolved"
        else "incident"
    )
    place = (f" in {words}" if words else "") + (f" at {listed(list(question.services))}" if question.services else "")
    data = {"count": len(found), "incidents": [_row(i) for i in found[:50]]}
    if not found:
        return Answer(
            f"No {what}s{place} are on record." if what == "incident" else f"There is no {what}{place}.", data
        )
    lines = [
        f"{i.id} ({i.severity}): {i.root_cause or i.title} — {status_words(i, asker, half_days=question.half_days)}"
        for i in found[:_SHOWN]
    ]
    more = f"\n… and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    head = f"{plural(len(found), what)}{place}:"
    return Answer("\n".join([head, *lines]) + more, data, links=tuple(link_to(house, i) for i in found[:5]))


def _row(i: Incident) -> dict[str, object]:
    return {
        "id": i.id, "title": i.title, "severity": str(i.severity), "stage": str(i.stage), "service": i.service, "root_cause": i.root_cause,
        "confidence": i.confidence, "opened_at": i.opened_at.isoformat(), "resolved_at": i.resolved_at.isoformat() if i.resolved_at else None,
    }  # fmt: skip


def _mttr(found: list[Incident], words: str) -> Answer:
    took = [(i.resolved_at - i.opened_at).total_seconds() for i in found if i.resolved_at is not None]
    place = f" in {words}" if words else " on record in the last 30 days"
    if not took:
        return Answer(f"No incident was resolved{place}, so there is no time to resolution to tell.", {"count": 0})
    mean = sum(took) / len(took)
    text = f"Mean time to resolution{place}: {length(mean)} over {plural(len(took), 'resolved incident')} (median {length(median(took))}, longest {length(max(took))})."
    return Answer(text, {"count": len(took), "mean_seconds": mean, "median_seconds": median(took)})


async def alerts(house: House, question: Question, asker: Asker) -> Answer:
    """The newest delivery of each alert."""
    page = await house.store.list_alerts(limit=500)
    newest: dict[tuple[str, str], tuple[str, str, datetime, str, str]] = {}
    for stored in page.items:
        a = stored.alert
        newest.setdefault(
            (a.source, a.fingerprint), (a.name, house.service_of(a), a.starts_at, str(a.status), stored.incident_id)
        )
    rows = [r for r in newest.values() if not question.services or r[1] in question.services]
    named = question.span.named and question.detail != "open"
    rows = (
        [r for r in rows if question.span.start <= r[2] <= question.span.end]
        if named
        else [r for r in rows if r[3] == "firing"]
    )
    words = f"in {question.span.words}" if named else "firing now"
    data = {
        "count": len(rows),
        "alerts": [
            {"name": r[0], "service": r[1], "since": r[2].isoformat(), "status": r[3], "incident": r[4]} for r in rows
        ],
    }
    if not rows:
        return Answer(f"No alert {'began' if named else 'is'} {words}, as far as senders told me.", data)
    lines = [
        f"{r[0]} at {r[1] or 'no service'}: {r[3]} since {clock(r[2], asker.zone, asker.now)} ({r[4]})"
        for r in rows[:20]
    ]
    return Answer("\n".join([f"{plural(len(rows), 'alert')} {words}:", *lines]), data)


async def changes(house: House, question: Question, asker: Asker) -> Answer:
    """Releases and edits that the cluster shows or people reported."""
    start, end = question.span.start, question.span.end
    if question.detail == "last" and not question.span.named:
        start = asker.now - timedelta(days=30)
    if question.span.moment is not None:
        start = question.span.moment - timedelta(minutes=30)
    evidence = await around(house, question, Window(start, start, end), "", Signal.KUBERNETES, Signal.CHANGES)
    found = sorted((c for c in evidence.changes if start <= c.at <= end), key=lambda c: c.at, reverse=True)
    if question.services:
        found = [c for c in found if c.service in question.services]
    if question.detail == "last":
        found = found[:1]
    who = f" of {listed(list(question.services))}" if question.services else ""
    words = (
        question.span.words
        if question.span.named
        else "the last 30 days"
        if question.detail == "last"
        else "the last day"
    )
    data = {
        "count": len(found),
        "changes": [
            {"at": c.at.isoformat(), "service": c.service, "kind": c.kind, "summary": c.summary, "author": c.author}
            for c in found
        ],
    }
    if not found:
        return Answer(
            f"I know of no release or change{who} in {words}. I see what the cluster still keeps and what is reported to /api/v1/changes.",
            data,
        )
    lines = [_change(c, asker, question.half_days) for c in found[:15]]
    return Answer(
        "\n".join([f"{plural(len(found), 'change')}{who} in {words}, newest first:", *lines]),
        data,
        links=tuple(Link(c.summary[:60], c.link) for c in found[:5] if c.link),
    )


def _change(change: Change, asker: Asker, half_days: bool) -> str:
    by = f" by {change.author}" if change.author else ""
    service = "" if change.summary.startswith(change.service) else f"{change.service}: "
    return f"{clock(change.at, asker.zone, asker.now, half_days=half_days, seconds=not half_days)} {change.kind} {service}{change.summary}{by}"


async def plans(house: House, question: Question, asker: Asker) -> Answer:
    """Repairs: those that wait for a person, or those that were carried out."""
    start = question.span.start if question.span.named else asker.now - timedelta(days=30)
    found = [(i, r) for i in (await incidents_in(house, start, asker.now))[:200] for r in await _plans_of(house, i)]
    if question.services:
        found = [(i, r) for i, r in found if r.plan.target.name in question.services]
    if question.detail == "waiting":
        found = [
            (i, r)
            for i, r in found
            if r.state is PlanState.PROPOSED and i.stage is Stage.AWAITING_APPROVAL and r.plan.expires_at > asker.now
        ]
        none, head = "Nothing is waiting for approval.", "waiting for approval"
    else:
        done = (PlanState.APPLIED, PlanState.SUCCEEDED, PlanState.UNDONE, PlanState.FAILED, PlanState.APPLYING)
        found = [(i, r) for i, r in found if r.state in done]
        none, head = (
            "No repair was carried out"
            + (f" in {question.span.words}." if question.span.named else " in the last 30 days."),
            "carried out",
        )
    data = {
        "count": len(found),
        "plans": [
            {
                "id": r.plan.id,
                "incident": i.id,
                "action": r.plan.action,
                "target": str(r.plan.target),
                "state": str(r.state),
            }
            for i, r in found
        ],
    }
    if not found:
        return Answer(none, data)
    lines = [f"{r.plan.id}: {fix_words(r)} for {i.id} ({r.state})" for i, r in found[:_SHOWN]]
    return Answer(
        "\n".join([f"{plural(len(found), 'repair')} {head}:", *lines]),
        data,
        links=tuple(link_to(house, i) for i, _ in found[:5]),
    )


async def _plans_of(house: House, incident: Incident) -> list[PlanRecord]:
    async with house.store.transaction() as tx:
        return await tx.plans_of(incident.id)


def fix_words(record: PlanRecord) -> str:
    """What a plan does, with the values before and after."""
    plan = record.plan
    moves = [f"{_field(f.path)} {f.before} → {f.after}" for f in plan.fields[:3] if f.before is not None]
    return f"{plan.action.replace('_', ' ')} of {plan.target.name}" + (f": {'; '.join(moves)}" if moves else "")


def _field(path: str) -> str:
    return path.rsplit(".", 1)[-1] if "env" not in path else "setting"
