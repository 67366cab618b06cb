"""What the store remembers: incidents and changes."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from statistics import median
from typing import Any

from watchkeeper.ask.amounts import clock, length, listed, plural
from watchkeeper.ask.answer import Answer, Asker, Link
from watchkeeper.ask.question import Question
from watchkeeper.domain.escaping import visible
from watchkeeper.domain.evidence import Change, Signal, Window
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.workflows.answers.seen import Table, around, incidents_in
from watchkeeper.workflows.answers.wording import link_to, status_words
from watchkeeper.workflows.house import House

_SHOWN = 10


async def incidents(house: House, question: Question, asker: Asker) -> Answer:
    """Those of a span, those that are open, or the named one; by severity, by length or counted by service where asked."""
    found = await _of(house, question, asker)
    words = (
        question.span.within("")
        if question.span.named and question.span.words != "now" and question.detail != "open"
        else ""
    )
    if question.detail == "mttr":
        return _mttr(found, words)
    if question.detail == "evidence":
        return await _evidence(house, found[0], asker)
    match question.detail:
        case "last":
            found = found[:1]
        case "longest":
            found = sorted(found, key=lambda i: -_lasted(i, asker))[:3]
        case "worst":
            found = sorted(found, key=lambda i: (i.severity.rank, -_lasted(i, asker)))[:3]
    kind = {"open": "open ", "resolved": "resolved "}.get(question.detail, "")
    what = f"{' or '.join(question.severities)}{' ' if question.severities else ''}{kind}incident"
    place = (f" {words}" if words else "") + (f" at {listed(list(question.services))}" if question.services else "")
    data = {"count": len(found), "incidents": [_row(i) for i in found[:50]]}
    if not found:
        return Answer(f"No {what}s{place} are on record.", data)
    if question.detail == "by service":
        return _by_service(found, place, data)
    lines = [_line(i, asker, question.half_days) for i in found[:_SHOWN]]
    more = f"\n… and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    head = f"{plural(len(found), what)}{place}{_ORDERS.get(question.detail, '')}:"
    return Answer("\n".join([head, *lines]) + more, data, links=tuple(link_to(house, i) for i in found[:5]))


_ORDERS = {"longest": ", the longest first", "worst": ", the worst first"}


async def _of(house: House, question: Question, asker: Asker) -> list[Incident]:
    if question.incident:
        async with house.store.transaction() as tx:
            return [await tx.incident(question.incident)]
    if question.detail == "open":
        found = [i for i in await incidents_in(house, asker.now - timedelta(days=30), asker.now) if i.stage.open]
    else:
        lately = timedelta(days=1 if question.detail == "story" else 30)
        start = question.span.start if question.span.named else asker.now - lately
        found = await incidents_in(house, start, question.span.end)
        if question.detail == "resolved":
            found = [i for i in found if i.stage is Stage.RESOLVED]
    if question.services:
        found = [i for i in found if {i.service, i.cause_service} & set(question.services)]
    if question.environment:
        found = [i for i in found if i.environment == question.environment]
    return [i for i in found if not question.severities or str(i.severity) in question.severities]


def _lasted(incident: Incident, asker: Asker) -> float:
    return ((incident.resolved_at or asker.now) - incident.opened_at).total_seconds()


def _line(i: Incident, asker: Asker, half_days: bool) -> str:
    began = clock(i.onset, asker.zone, asker.now, half_days=half_days)
    return f"{i.id} ({i.severity}): {(i.root_cause or i.title).rstrip('.')} — began {began}. {status_words(i, asker, half_days=half_days)}"


def _by_service(found: list[Incident], place: str, data: Mapping[str, Any]) -> Answer:
    """By the service the cause lies in; the one that hurt where no cause is known."""
    counted = Counter(i.cause_service or i.service or "no service" for i in found)
    table = Table([(service, plural(n, "incident")) for service, n in counted.most_common(15)])
    text = f"{plural(len(found), 'incident')}{place} by the service they came from:\n{table}"
    return Answer(text, {**data, "by_service": dict(counted)})


async def _evidence(house: House, incident: Incident, asker: Asker) -> Answer:
    """What the diagnosis rests on."""
    async with house.store.transaction() as tx:
        found = await tx.diagnosis(incident.id)
    data = {"incident": incident.id}
    if found is None or found.cause is None:
        return Answer(f"{_line(incident, asker, False)}\nNo diagnosis with evidence is on record for it.", data)
    items = [e for f in found.cause.findings for e in f.evidence]
    lines = [f"  {e.id}: {visible(e.statement)}" for e in items[:_SHOWN]]
    head = f"{incident.id}: {visible(found.root_cause.rstrip('.'))} (confidence {found.cause.confidence:.0%}), from {plural(len(items), 'observation')}:"
    return Answer(
        "\n".join([head, *lines]), {**data, "evidence": [e.id for e in items]}, links=(link_to(house, incident),)
    )


def _row(i: Incident) -> dict[str, object]:
    return {
        "id": i.id, "title": i.title, "severity": str(i.severity), "stage": str(i.stage), "service": i.service, "root_cause": i.root_cause,
        "confidence": i.confidence, "opened_at": i.opened_at.isoformat(), "resolved_at": i.resolved_at.isoformat() if i.resolved_at else None,
    }  # fmt: skip


def _mttr(found: list[Incident], words: str) -> Answer:
    took = [(i.resolved_at - i.opened_at).total_seconds() for i in found if i.resolved_at is not None]
    place = f" {words}" if words else " on record in the last 30 days"
    if not took:
        return Answer(f"No incident was resolved{place}, so there is no time to resolution to tell.", {"count": 0})
    mean = sum(took) / len(took)
    text = f"Mean time to resolution{place}: {length(mean)} over {plural(len(took), 'resolved incident')} (median {length(median(took))}, longest {length(max(took))})."
    return Answer(text, {"count": len(took), "mean_seconds": mean, "median_seconds": median(took)})


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
    if question.search:
        found = [c for c in found if question.search in c.summary]
    if question.detail == "last":
        found = found[:1]
    who = f" of {listed(list(question.services))}" if question.services else ""
    words = question.span.within("the last 30 days" if question.detail == "last" else "the last day")
    data = {
        "count": len(found),
        "changes": [
            {"at": c.at.isoformat(), "service": c.service, "kind": c.kind, "summary": c.summary, "author": c.author}
            for c in found
        ],
    }
    if not found:
        return Answer(
            f"I know of no release or change{who} {words}. I see what the cluster still keeps and what is reported to /api/v1/changes.",
            data,
        )
    lines = [_change(c, asker, question.half_days) for c in found[:15]]
    if question.detail == "who" and not all(c.author for c in found):
        lines.append("Who did it is not told by what reported it, where no name stands.")
    return Answer(
        "\n".join([f"{plural(len(found), 'change')}{who} {words}, newest first:", *lines]),
        data,
        links=tuple(Link(c.summary[:60], c.link) for c in found[:5] if c.link),
    )


def _change(change: Change, asker: Asker, half_days: bool) -> str:
    by = f" by {change.author}" if change.author else ""
    service = "" if change.summary.startswith(change.service) else f"{change.service}: "
    return f"{clock(change.at, asker.zone, asker.now, half_days=half_days, seconds=not half_days)} {change.kind} {service}{change.summary}{by}"
