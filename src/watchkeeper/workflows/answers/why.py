"""Why something happened, in the form of a card: cause, impact, fix, status. First the premise is checked."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchkeeper.ask.amounts import amount, clock, difference, listed
from watchkeeper.ask.answer import Answer, Asker
from watchkeeper.ask.curve import Moved, moved
from watchkeeper.ask.health import judge
from watchkeeper.ask.picture import svg
from watchkeeper.ask.question import Intent, Question, Span, Summary
from watchkeeper.ask.signals import SIGNALS
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.escaping import visible
from watchkeeper.domain.evidence import EvidenceFile, Window
from watchkeeper.domain.incident import Incident, Stage
from watchkeeper.store.port import PlanState
from watchkeeper.workflows.analyze import suggested_fix
from watchkeeper.workflows.answers.seen import Measured, around, calls, incidents_in, measured
from watchkeeper.workflows.answers.wording import fix_words, link_to, status_words
from watchkeeper.workflows.house import House

_FELT = ("latency-95", "errors", "traffic")
_USERS_FEEL = frozenset(("latency-50", "latency-90", "latency-95", "latency-99", "errors", "availability", "traffic"))
_LEAD = timedelta(minutes=30)
_SOON = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Shifted:
    """A signal of a service that left its usual range."""

    service: str
    signal: str
    how: Moved

    def words(self, clocked: str) -> str:
        """Such as "gateway latency +450 ms (p95), 120 ms to 570 ms at 14:00"."""
        signal = SIGNALS[self.signal]
        name = signal.title if signal.title[:2].isupper() else signal.title[0].lower() + signal.title[1:]
        name, _, share = name.partition(" (")
        delta = difference(self.how.extreme - self.how.usual, signal.unit)
        return f"{self.service} {name} {delta}{f' ({share}' if share else ''}, {amount(self.how.usual, signal.unit)} → {amount(self.how.extreme, signal.unit)} at {clocked}"


async def why(house: House, question: Question, asker: Asker) -> Answer:
    """From an incident that fits, else from the evidence of that time; "it did not" where the premise does not hold."""
    if question.incident:
        async with house.store.transaction() as tx:
            incident = await tx.incident(question.incident)
        return await _from_incident(house, incident, question, asker, [])
    if question.alert:
        return await _from_alert(house, question, asker)
    if question.detail == "last":
        page = await house.store.list_incidents(limit=1)
        if not page.items:
            return Answer("There are no incidents on record.", {"cause": None})
        return await _from_incident(house, page.items[0], question, asker, [])
    start, end = question.span.start, question.span.end
    wanted = tuple(s for s in question.signals if not SIGNALS[s].grows) or _FELT
    seen = await measured(
        house,
        Question(question.intent, question.span, wanted, namespace=question.namespace),
        {*wanted, *_FELT},
        start - _LEAD,
        end,
    )
    shifts = await _shifts(house, seen, wanted, question)
    fitting = await _fitting(house, question, shifts)
    if question.signals and seen.series and not shifts and not (fitting and not seen.services(wanted[0])):
        return await _did_not(seen, question, wanted, fitting, asker)
    if fitting:
        felt = [s for s in shifts if s.signal in _FELT or s.signal in question.signals]
        return await _from_incident(house, fitting, question, asker, felt, seen)
    if not shifts:
        return _nothing(seen, question, asker)
    return await _from_evidence(house, question, asker, shifts, seen)


async def _from_alert(house: House, question: Question, asker: Asker) -> Answer:
    """Of the incident that the newest such alert went to."""
    for stored in (await house.store.list_alerts(limit=500)).items:
        if stored.alert.name == question.alert and (
            not question.services or house.service_of(stored.alert) in question.services
        ):
            async with house.store.transaction() as tx:
                incident = await tx.incident(stored.incident_id)
            return await _from_incident(house, incident, question, asker, [])
    return Answer(f"{question.alert} is not on record, so I cannot say why it fired.", {"cause": None})


async def _shifts(house: House, seen: Measured, signals: tuple[str, ...], question: Question) -> list[Shifted]:
    """What moved, of the services asked about; of users' signals at the entry where none is named; the largest first."""
    graph = await calls(house)
    out = []
    for signal in signals:
        services = seen.services(signal)
        if question.services:
            services = [s for s in services if s in question.services]
        elif signal in _USERS_FEEL and (
            entries := [s for s in services if s in graph.services and not graph.callers.get(s)]
        ):
            services = entries
        for service in services:
            down = signal in ("traffic", "availability") and "high" not in question.detail
            found = moved(seen.curve(signal, service), question.span.start.timestamp(), down=down)
            if found is not None and _matters(signal, found):
                out.append(Shifted(service, signal, found))
    return sorted(out, key=lambda s: -abs(s.how.extreme - s.how.usual) / max(abs(s.how.usual), 1e-9))


def _matters(signal: str, found: Moved) -> bool:
    """Too small to be felt is not worth a cause."""
    change = abs(found.extreme - found.usual)
    if signal.startswith("latency"):
        return change >= 0.01
    return change >= 1 if SIGNALS[signal].unit == "%" else True


async def _fitting(house: House, question: Question, shifts: list[Shifted]) -> Incident | None:
    """The incident that the question is about: open within the span, at or upstream of the services it names."""
    found = await incidents_in(house, question.span.start, question.span.end)
    if question.span.moment is not None:
        found = [i for i in found if i.onset <= question.span.moment + _SOON]
    if question.environment:
        found = [i for i in found if i.environment == question.environment]
    if shifts and question.signals:
        # What began after the effect is not its cause.
        last = max(s.how.extreme_at for s in shifts)
        found = [i for i in found if i.onset.timestamp() <= last + _SOON.total_seconds()]
    if question.services:
        graph = await calls(house)
        near = set(question.services)
        for service in question.services:
            near |= graph.downstream(service)
        hurt = set(question.services)
        found = [
            i
            for i in found
            if i.service in hurt
            or i.cause_service in hurt
            or (shifts and (i.cause_service in near or i.service in near))
        ]
    elif question.signals and not (set(question.signals) & _USERS_FEEL):
        moved_at = {s.service for s in shifts}
        found = [i for i in found if {i.service, i.cause_service} & moved_at]
    return min(found, key=lambda i: (i.severity.rank, -i.onset.timestamp())) if found else None


async def _from_incident(
    house: House,
    incident: Incident,
    question: Question,
    asker: Asker,
    felt: list[Shifted],
    seen: Measured | None = None,
) -> Answer:
    async with house.store.transaction() as tx:
        diagnosis = await tx.diagnosis(incident.id)
        plans = await tx.plans_of(incident.id)
    cause = incident.root_cause or ("still being diagnosed" if incident.stage is Stage.OPENED else "inconclusive")
    carried = next(
        (r for r in plans if r.state in (PlanState.SUCCEEDED, PlanState.APPLIED, PlanState.APPLYING, PlanState.UNDONE)),
        None,
    )
    waiting = next((r for r in plans if r.state is PlanState.PROPOSED), None)
    if carried is not None:
        fix = fix_words(carried) + (" (taken back)" if carried.state is PlanState.UNDONE else "")
    elif waiting is not None:
        fix = f"proposed, not applied: {fix_words(waiting)}"
    else:
        fix = "none by Watchkeeper" + ("; it ended by itself" if incident.stage is Stage.RESOLVED else "")
    if not felt:
        felt = await _felt_in(house, incident)
    impact = _impact(felt, asker, question) or f"{incident.title}" + (
        f"; explains {listed(list(diagnosis.cause.explains))}"
        if diagnosis and diagnosis.cause and diagnosis.cause.explains
        else ""
    )
    text = _card(cause, impact, fix, status_words(incident, asker, half_days=question.half_days), incident.confidence)
    data = {
        "incident": incident.id,
        "cause": cause,
        "impact": impact,
        "fix": fix,
        "stage": str(incident.stage),
        "cause_service": incident.cause_service,
        "cause_kind": incident.cause_kind,
    }
    curves = {f"{s.service} {s.signal}": seen.curve(s.signal, s.service) for s in felt[:1]} if seen else {}
    return Answer(
        text,
        data,
        links=(link_to(house, incident),),
        picture=svg(curves, "Impact", SIGNALS[felt[0].signal].unit) if felt and curves else "",
    )


async def _felt_in(house: House, incident: Incident) -> list[Shifted]:
    """What the incident did to the service that hurts."""
    end = min(incident.resolved_at or house.clock.now(), incident.onset + timedelta(hours=3))
    question = Question(
        Intent.WHY, Span(incident.onset, end, ""), services=(incident.service,) if incident.service else ()
    )
    seen = await measured(house, question, _FELT, incident.onset - _LEAD, end)
    return await _shifts(house, seen, _FELT, question)


async def _from_evidence(
    house: House, question: Question, asker: Asker, shifts: list[Shifted], seen: Measured
) -> Answer:
    """No incident was on record: the same engine looks at the evidence of that time."""
    first = shifts[0]
    same = [s for s in shifts if s.service == first.service]
    onset = datetime.fromtimestamp(min(s.how.since for s in same), UTC)
    end = question.span.end
    if all(s.how.until for s in same):
        # What came after it was over does not explain it.
        end = min(end, datetime.fromtimestamp(max(s.how.until or 0.0 for s in same), UTC) + _SOON)
    normal = timedelta(minutes=house.settings.evidence.normal_minutes)
    evidence = await around(house, question, Window(onset - normal, onset, end), first.service)
    found = await asyncio.to_thread(diagnose, evidence)
    if found.cause is not None and found.cause.service not in {
        first.service,
        *evidence.topology.downstream(first.service),
    }:
        return _unexplained(first, evidence, onset, asker, question)
    impact = _impact(shifts, asker, question)
    last = max((s.how.until or 0.0) for s in shifts) if all(s.how.until for s in shifts) else None
    status = (
        f"Over since {clock(datetime.fromtimestamp(last, UTC), asker.zone, asker.now, half_days=question.half_days)}"
        if last
        else f"Not over at {clock(question.span.end, asker.zone, asker.now, half_days=question.half_days)}"
    )
    cause = found.root_cause
    text = _card(
        cause,
        impact,
        _suggestion(found),
        f"{status}; no incident was on record, this was looked up now",
        found.cause.confidence if found.cause else None,
    )
    data = {
        "incident": None, "cause": cause, "impact": impact, "abstained": found.abstained, "cause_service": found.cause.service if found.cause else "",
        "cause_kind": found.cause.kind if found.cause else "", "unseen": [f"{m.signal}: {m.reason}" for m in found.missing],
    }  # fmt: skip
    curve = seen.curve(first.signal, first.service)
    return Answer(
        text, data, picture=svg({f"{first.service} {first.signal}": curve}, "Impact", SIGNALS[first.signal].unit)
    )


def _unexplained(first: Shifted, evidence: EvidenceFile, onset: datetime, asker: Asker, question: Question) -> Answer:
    """It did move, and what is wrong elsewhere does not reach it: what changed at it then is all that can be said."""
    near = [c for c in evidence.changes if c.service == first.service and abs(c.at - onset) <= _SOON]
    then = "; ".join(f"{c.kind} at {clock(c.at, asker.zone, asker.now)}: {visible(c.summary)}" for c in near[:3])
    text = (
        f"I see it, but not why: {_impact([first], asker, question)}. Nothing at {first.service} or what it calls explains it."
        + (
            f"\nWhat changed at {first.service} then: {then}."
            if then
            else f"\nNo change of {first.service} is known from then."
        )
    )
    return Answer(text, {"incident": None, "cause": None, "changes": [c.id for c in near]})


def _suggestion(found: Diagnosis) -> str:
    fix = suggested_fix(found)
    return (
        f"none yet; {fix['type'].replace('_', ' ')} of {fix['target']} may help"
        if fix["type"] != "none"
        else "none that the catalogue knows; people decide"
    )


def _impact(felt: list[Shifted], asker: Asker, question: Question) -> str:
    parts = []
    for shift in felt[:3]:
        at = clock(
            datetime.fromtimestamp(shift.how.extreme_at, UTC), asker.zone, asker.now, half_days=question.half_days
        )
        parts.append(shift.words(at))
    return "; ".join(parts)


def _card(cause: str, impact: str, fix: str, status: str, confidence: float | None) -> str:
    sure = f" (confidence {confidence:.0%})" if confidence is not None else ""
    return f"🚨 Incident Summary\nCause: {cause.rstrip('.')}{sure}\nImpact: {impact}\nFix: {fix}\nStatus: {status}"


async def _did_not(
    seen: Measured, question: Question, signals: tuple[str, ...], fitting: Incident | None, asker: Asker
) -> Answer:
    """The premise does not hold; what was measured says so."""
    start, end = question.span.start.timestamp(), question.span.end.timestamp()
    lines = []
    for name in signals:
        services = [s for s in seen.services(name) if not question.services or s in question.services]
        for service in services[:4]:
            curve = seen.curve(name, service).between(start, end)
            if curve.empty:
                continue
            low, high = curve.summary(Summary.MIN), curve.summary(Summary.MAX)
            lines.append(
                f"{service}: {SIGNALS[name].title} between {amount(low, SIGNALS[name].unit)} and {amount(high, SIGNALS[name].unit)}"
            )
    words = question.span.within()
    if not lines:
        who = listed(list(question.services)) or "any service"
        return Answer(f"I have no {SIGNALS[signals[0]].title} of {who} {words}, so I cannot say why.", {"cause": None})
    head = f"I see no such change {words}: it kept to its usual range."
    other = (
        f"\nThere was an incident then, about something else: {fitting.root_cause or fitting.title}" if fitting else ""
    )
    return Answer("\n".join([head, *lines]) + other, {"cause": None, "premise": False})


def _nothing(seen: Measured, question: Question, asker: Asker) -> Answer:
    """Nothing moved and no incident: healthy, or blind."""
    if not seen.series:
        return Answer(
            seen.unseen[0] if seen.unseen else "There is no data of that time, so I cannot say why.", {"cause": None}
        )
    judged = []
    for name in _FELT:
        for service in question.services or ():
            found = judge(service, name, seen.curve(name, service), question.span.end.timestamp())
            if found is not None:
                judged.append(f"{SIGNALS[name].title} {amount(found.now, SIGNALS[name].unit)}")
    who = listed(list(question.services)) if question.services else "what users feel"
    words = question.span.within()
    return Answer(
        f"I see nothing wrong with {who} {words}"
        + (f": {'; '.join(judged)}." if judged else ", and no incident was open."),
        {"cause": None, "premise": False},
    )
