"""Times that hang on an event: the incident or the release is looked up, and the question gets its span."""

from dataclasses import replace
from datetime import datetime, timedelta

from watchkeeper.ask.amounts import clock, listed
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.question import Anchor, Anchored, Intent, Question, Span
from watchkeeper.domain.evidence import Signal, Window
from watchkeeper.workflows.answers.seen import around
from watchkeeper.workflows.house import House

_BESIDE = timedelta(minutes=30)
"""Looked at before an event, and the least after it."""


async def anchored(house: House, question: Question, asker: Asker) -> Question | Answer:
    """The same question with a span; an answer where there is no such event."""
    anchor = question.anchor
    if anchor is None:
        return question
    found = await (_incident if anchor.of == "incident" else _release)(house, anchor, asker)
    if found is None:
        of = f" of {anchor.service}" if anchor.service else ""
        return Answer(f"I know of no {anchor.of}{of}, so I cannot tell that time.", {"values": {}, "anchor": None})
    begin, end, name = found
    before = Span(begin - _BESIDE, begin, f"the half hour before {name}")
    match anchor.side:
        case Anchored.BEFORE:
            return replace(question, span=before, anchor=None)
        case Anchored.DURING:
            return replace(question, span=Span(begin, end, name), anchor=None)
        case _:
            after = Span(end if end < asker.now else begin, asker.now, f"the time since {name}")
            return replace(question, span=after, versus=before if anchor.side is Anchored.BOTH else None, anchor=None)


async def _incident(house: House, anchor: Anchor, asker: Asker) -> tuple[datetime, datetime, str] | None:
    if anchor.incident:
        async with house.store.transaction() as tx:
            one = await tx.incident(anchor.incident)
    else:
        page = await house.store.list_incidents(limit=50)
        fits = [i for i in page.items if not anchor.service or anchor.service in (i.service, i.cause_service)]
        if not fits:
            return None
        one = fits[0]
    end = one.resolved_at or asker.now
    until = clock(end, asker.zone, asker.now) if one.resolved_at else "still open"
    return one.onset, end, f"{one.id} ({clock(one.onset, asker.zone, asker.now)} to {until})"


async def _release(house: House, anchor: Anchor, asker: Asker) -> tuple[datetime, datetime, str] | None:
    start = asker.now - timedelta(days=30)
    blank = Question(Intent.CHANGES, Span(start, asker.now, ""))
    evidence = await around(house, blank, Window(start, start, asker.now), "", Signal.KUBERNETES, Signal.CHANGES)
    fits = [c for c in evidence.changes if c.kind == "release" and c.at <= asker.now]
    fits = [c for c in fits if not anchor.service or c.service == anchor.service]
    if not fits:
        return None
    last = max(fits, key=lambda c: c.at)
    together = sorted({c.service for c in fits if last.at - c.at < timedelta(minutes=2)})
    name = f"the release of {listed(together)} at {clock(last.at, asker.zone, asker.now)}"
    return last.at, last.at, name
