"""How services are: health now or then against usual, and what speaks against a change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from watchkeeper.ask.amounts import amount, plural
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.health import Judged, judge, judge_span
from watchkeeper.ask.question import Question, Span
from watchkeeper.ask.signals import SIGNALS
from watchkeeper.domain.incident import Incident
from watchkeeper.workflows.answers.cluster import objects
from watchkeeper.workflows.answers.records import changes
from watchkeeper.workflows.answers.repairs import plans
from watchkeeper.workflows.answers.seen import measured
from watchkeeper.workflows.house import House

_BASIC = ("latency-95", "errors", "traffic", "cpu-rate", "mem-rate", "pool-rate")


async def health(house: House, question: Question, asker: Asker) -> Answer:
    """Each signal now against its usual, pods that are not ready, open incidents; or how the signals were in a past time."""
    signals = question.signals or _BASIC
    past = question.span if question.span.named and question.span.words != "now" else None
    start, end = (past.start, past.end) if past else (asker.now, asker.now)
    seen = await measured(house, question, signals, start - timedelta(hours=1), end)
    if not seen.series and seen.unseen:
        return Answer(
            seen.unseen[0] if seen.unseen[0].startswith("No metrics") else f"I cannot tell: {seen.unseen[0]}",
            {"services": {}},
        )
    judged: dict[str, list[Judged]] = {}
    for name, service in sorted(seen.series):
        curve = seen.curve(name, service)
        if (
            found := judge_span(service, name, curve, start.timestamp(), end.timestamp())
            if past
            else judge(service, name, curve, end.timestamp())
        ):
            judged.setdefault(service, []).append(found)
    unready = {} if question.signals or past else await _unready(house, question, asker)
    open_ = [] if past else await _open(house, question)
    data = {
        "services": {s: {j.signal: {"now": j.now, "usual": j.usual, "bad": j.bad} for j in found} for s, found in judged.items()},
        "not_ready": unready, "incidents": [i.id for i in open_],
    }  # fmt: skip
    said = (_of_services if question.services else _of_all)(question, judged, unready, open_)
    return Answer(f"By the worst two minutes {past.within()}, against the hour before:\n{said}" if past else said, data)


_LATELY = timedelta(minutes=30)


async def safe(house: House, question: Question, asker: Asker) -> Answer:
    """What speaks against a change now: what is open, unwell, waiting or still settling. People decide."""
    now = replace(
        question,
        signals=(),
        detail="well" if question.services else "all",
        span=Span(asker.now - timedelta(hours=1), asker.now, "now", named=False),
    )
    lately = replace(now, span=Span(asker.now - _LATELY, asker.now, "the last 30 minutes"), detail="")
    well = await health(house, replace(now, services=()), asker)
    bad = {s: found for s, found in well.data["services"].items() if any(v["bad"] for v in found.values())}
    open_ = await _open(house, replace(now, services=()))
    waiting = await plans(house, replace(now, detail="waiting", services=()), asker)
    changed = await changes(house, lately, asker)
    against = [
        f"Open incident {i.id} ({i.severity}) at {i.cause_service or i.service}: {i.root_cause or i.title}"
        for i in open_[:5]
    ]
    against += [f"{s} is out of its usual range" for s in sorted(bad)]
    against += [f"{s}: {words}" for s, words in sorted(well.data.get("not_ready", {}).items())]
    against += [f"A repair waits for approval: {p['id']} for {p['incident']}" for p in waiting.data["plans"][:5]]
    against += [f"Changed within half an hour: {c['service']}, {c['summary']}" for c in changed.data["changes"][:5]]
    data = {"against": against, "incidents": [i.id for i in open_], "bad": sorted(bad)}
    if not well.data["services"]:
        return Answer("I cannot tell: nothing is measured here.", data)
    if against:
        return Answer(
            "\n".join(
                [
                    "I would wait; this speaks against a change now:",
                    *(f"  {a}" for a in against),
                    "You decide: I forbid nothing.",
                ]
            ),
            data,
        )
    return Answer(
        "Nothing that I see speaks against it: no incident is open, no service is out of its usual range, nothing changed in the last half hour and no repair waits. You decide.",
        data,
    )


async def _open(house: House, question: Question) -> list[Incident]:
    if question.signals and not question.services:
        return []
    found = [i for i in (await house.store.list_incidents(limit=50)).items if i.stage.open]
    return [i for i in found if not question.services or {i.service, i.cause_service} & set(question.services)]


def _of_services(
    question: Question, judged: Mapping[str, list[Judged]], unready: Mapping[str, str], open_: Sequence[Incident]
) -> str:
    out = []
    for service in question.services:
        found = judged.get(service, [])
        bad = [j for j in found if j.bad]
        if not found and service not in unready:
            out.append(f"{service}: I have no recent measurements of it.")
            continue
        if question.signals:
            head = _as_asked(service, bool(bad), question.detail)
        else:
            head = f"{service} is not well: " if bad or service in unready else f"{service} looks healthy: "
        shown = bad if bad and not question.signals else found
        words = [_words(j) for j in shown]
        if service in unready:
            words.append(unready[service])
        out.append(head + "; ".join(words) + ".")
    for incident in open_[:3]:
        out.append(f"Open incident {incident.id} ({incident.severity}): {incident.root_cause or incident.title}")
    return "\n".join(out)


def _as_asked(service: str, bad: bool, detail: str) -> str:
    """Yes or no where that was asked; "is it slow?" and "is it normal?" take opposite words."""
    usual = f"{service} is {'out of' if bad else 'within'} its usual range: "
    if detail not in ("good", "signal"):
        return usual
    word = "Yes" if bad == (detail == "signal") else "No"
    return f"Yes, {service}: " if word == "Yes" and bad else f"{word}, {usual}"


def _of_all(
    question: Question, judged: Mapping[str, list[Judged]], unready: Mapping[str, str], open_: Sequence[Incident]
) -> str:
    bad = {s: [j for j in found if j.bad] for s, found in judged.items()}
    ill = sorted({s for s, found in bad.items() if found} | set(unready))
    if not ill and not open_:
        if question.signals:
            yes = {"good": "Yes: ", "signal": "No: "}.get(question.detail, "")
            return f"{yes}{', '.join(SIGNALS[s].title for s in question.signals)} of all {len(judged)} services is within its usual range."
        return f"Nothing is wrong that I can see: all {len(judged)} services are within their usual range" + (
            " then." if question.span.named and question.span.words != "now" else " and no incident is open."
        )
    out = []
    if ill:
        out.append(
            f"{plural(len(ill), 'service')} of {len(judged)} {'is' if len(ill) == 1 else 'are'} out of {'its' if len(ill) == 1 else 'their'} usual range:"
        )
        out += [
            f"  {s}: {'; '.join([*(_words(j) for j in bad.get(s, ())), *([unready[s]] if s in unready else [])])}"
            for s in ill
        ]
    else:
        out.append(f"All {len(judged)} services are within their usual range now.")
    out += [f"Open incident {i.id} ({i.severity}): {i.root_cause or i.title}" for i in open_[:5]]
    return "\n".join(out)


def _words(j: Judged) -> str:
    signal = SIGNALS[j.signal]
    title = signal.title if signal.title[:2].isupper() else signal.title.lower().replace("(p95)", "(p95)")
    usual = f" (usual {amount(j.usual, signal.unit)})" if j.usual is not None else ""
    return f"{title} {amount(j.now, signal.unit)}{usual}"


async def _unready(house: House, question: Question, asker: Asker) -> dict[str, str]:
    """service -> words, where fewer pods are ready than wanted."""
    out = {}
    for thing in (await objects(house, question, asker)).objects:
        if thing["kind"] not in ("Deployment", "StatefulSet"):
            continue
        name, wanted = str(thing["metadata"]["name"]), int(thing["spec"].get("replicas", 1))
        ready = int((thing.get("status") or {}).get("readyReplicas", 0))
        asked = not question.services or name in question.services
        if asked and name not in question.excluded and ready < wanted:
            out[name] = f"{ready} of {wanted} pods ready"
    return out
