"""Alerts as they were received: which fire, when they fired, and which come often and mean little."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from watchkeeper.ask.amounts import clock, listed, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.question import Question
from watchkeeper.domain.severity import severity_of
from watchkeeper.store.port import StoredAlert
from watchkeeper.workflows.answers.seen import incidents_in
from watchkeeper.workflows.house import House

_PAGES, _PAGE = 10, 500


async def alerts(house: House, question: Question, asker: Asker) -> Answer:
    """The newest delivery of each alert: those that fire, or those that began in a time."""
    page = await house.store.list_alerts(limit=_PAGE)
    newest: dict[tuple[str, str], StoredAlert] = {}
    for stored in page.items:
        newest.setdefault((stored.alert.source, stored.alert.fingerprint), stored)
    rows = [s for s in newest.values() if not question.services or house.service_of(s.alert) in question.services]
    rows = [s for s in rows if not question.alert or s.alert.name == question.alert]
    rows = [s for s in rows if not question.severities or _severity(s) in question.severities]
    named = question.span.named and question.span.words != "now" and question.detail != "open"
    if named:
        rows = [s for s in rows if question.span.start <= s.alert.starts_at <= question.span.end]
    elif not question.alert:
        rows = [s for s in rows if str(s.alert.status) == "firing"]
    words = f"began {question.span.within()}" if named else "on record" if question.alert else "firing now"
    data = {
        "count": len(rows),
        "alerts": [
            {"name": s.alert.name, "service": house.service_of(s.alert), "since": s.alert.starts_at.isoformat(), "status": str(s.alert.status), "incident": s.incident_id}
            for s in rows
        ],
    }  # fmt: skip
    what = question.alert or "alert"
    if not rows:
        verb = "" if named else "is "
        return Answer(
            f"No {' or '.join(question.severities) + ' ' if question.severities else ''}{what} {verb}{words}, as far as senders told me.",
            data,
        )
    lines = [
        f"{s.alert.name} at {house.service_of(s.alert) or 'no service'}: {_course(s, asker)} ({s.incident_id})"
        for s in rows[:20]
    ]
    return Answer("\n".join([f"{plural(len(rows), 'alert')} {words}:", *lines]), data)


def _severity(stored: StoredAlert) -> str:
    found = severity_of(str(stored.alert.labels.get("severity", "")))
    return found.value if found else ""


def _course(stored: StoredAlert, asker: Asker) -> str:
    alert = stored.alert
    began = clock(alert.starts_at, asker.zone, asker.now)
    if alert.ends_at is not None and alert.ends_at <= asker.now:
        return f"{alert.status}, from {began} to {clock(alert.ends_at, asker.zone, asker.now)}"
    return f"{alert.status} since {began}"


async def noise(house: House, question: Question, asker: Asker) -> Answer:
    """Alerts by how often they began, with what came of them: which incidents needed a repair, and what people called noise."""
    start, end = question.span.start, question.span.end
    begun = await _begun(house, start, end)
    if question.services:
        begun = [s for s in begun if house.service_of(s.alert) in question.services]
    async with house.store.transaction() as tx:
        said = await tx.feedback_by_service(start)
        repaired = {i.id for i in await incidents_in(house, start, end) if await tx.plans_of(i.id)}
    times = Counter((s.alert.name, house.service_of(s.alert)) for s in begun)
    acted = Counter((s.alert.name, house.service_of(s.alert)) for s in begun if s.incident_id in repaired)
    words = question.span.within("the last 7 days")
    called = {s: n for s, (_, n) in said.items() if n}
    data = {
        "alerts": [{"name": n, "service": s, "times": k, "with_a_repair": acted[(n, s)]} for (n, s), k in times.most_common(50)], "called_noise": called,
    }  # fmt: skip
    if not times:
        return Answer(f"No alert began {words}, as far as senders told me.", data)
    order = sorted(times.items(), key=lambda kv: (acted[kv[0]] > 0, -kv[1], kv[0]))
    lines = [
        f"{name} at {service or 'no service'}: began {_times(n)}, {_of(acted[(name, service)])}"
        for (name, service), n in order[:10]
    ]
    marked = (
        f"\nPeople called noise: {listed([f'{s} {_times(n)}' for s, n in sorted(called.items())])}."
        if called
        else "\nNobody called any of it noise yet."
    )
    return Answer(
        "\n".join([f"Alerts {words} by how often they began, those that led to no repair first:", *lines]) + marked,
        data,
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _of(repaired: int) -> str:
    return f"{_times(repaired)} with a repair planned" if repaired else "never with a repair planned"


async def _begun(house: House, start: datetime, end: datetime) -> Sequence[StoredAlert]:
    """Each start of an alert once, however often it was delivered."""
    seen: dict[tuple[str, str, datetime], StoredAlert] = {}
    cursor = ""
    for _ in range(_PAGES):
        page = await house.store.list_alerts(limit=_PAGE, cursor=cursor)
        for stored in page.items:
            a = stored.alert
            if start <= a.starts_at <= end:
                seen.setdefault((a.source, a.fingerprint, a.starts_at), stored)
        cursor = page.cursor
        if not cursor:
            break
    return list(seen.values())
