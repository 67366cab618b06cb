"""A post-mortem draft of an incident that is over: timeline, cause, evidence, what was tried and what worked, as Markdown.

Everything that comes from telemetry, people or models is for_markdown_line: the draft can be pasted anywhere.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.errors import Conflict
from watchkeeper.domain.escaping import for_markdown_line
from watchkeeper.domain.faults import FAULTS
from watchkeeper.domain.incident import Incident, IncidentEvent, Stage
from watchkeeper.store.port import PlanRecord, PlanState, StoredAlert
from watchkeeper.workflows.house import House
from watchkeeper.workflows.remember import Similar, similar, tried

_MOST_EVIDENCE, _MOST_TIMELINE = 15, 60


async def post_mortem(house: House, incident_id: str) -> str:
    """Raises NotFound, and Conflict while the incident is open."""
    async with house.store.transaction() as tx:
        incident = await tx.incident(incident_id)
        diagnosis, plans = await tx.diagnosis(incident_id), await tx.plans_of(incident_id)
        alerts, timeline = await tx.alerts_of(incident_id), await tx.events(incident_id)
    if incident.stage is not Stage.RESOLVED:
        raise Conflict(f"{incident_id} is {incident.stage.replace('_', ' ')}", hint="a post-mortem is of what is over")
    alike = await similar(house, incident_id)
    return draft(incident, diagnosis, list(reversed(plans)), alerts, timeline, alike)


def draft(
    incident: Incident,
    diagnosis: Diagnosis | None,
    plans: Sequence[PlanRecord],
    alerts: Sequence[StoredAlert],
    timeline: Sequence[IncidentEvent],
    alike: Sequence[Similar],
) -> str:
    """The whole document. Pure."""
    parts = (
        _head(incident, alerts), _section("Timeline", _timeline(timeline)), _section("Cause", _cause(incident, diagnosis)),
        _section("Evidence", _evidence(diagnosis)), _section("What was altered before", _changes(diagnosis)),
        _section("What was tried, and whether it worked", _tried(plans)),
        _section("What could not be seen", _missing(diagnosis)), _section("It looked like", _alike(alike)),
        _section("To follow up", _follow_up(incident, diagnosis, plans, alike)),
    )  # fmt: skip
    return "\n\n".join(p for p in parts if p) + "\n"


def _head(incident: Incident, alerts: Sequence[StoredAlert]) -> str:
    ended = incident.resolved_at or incident.updated_at
    names = ", ".join(sorted({for_markdown_line(s.alert.name) for s in alerts})) or "none"
    rows = (
        ("Incident", for_markdown_line(incident.id)), ("Severity", for_markdown_line(incident.severity)), ("Environment", for_markdown_line(incident.environment)),
        ("Hurt", for_markdown_line("/".join(filter(None, (incident.namespace, incident.service))))),
        ("Began", _time(incident.onset)), ("Noticed", f"{_time(incident.opened_at)} ({_span(incident.onset, incident.opened_at)} later)"),
        ("Over", f"{_time(ended)} (lasted {_span(incident.onset, ended)})"), ("Alerts", names),
    )  # fmt: skip
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"# Post-mortem (draft): {for_markdown_line(incident.title)}\n\n| | |\n| --- | --- |\n{table}"


def _section(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(f"- {line}" for line in lines)
    return f"## {title}\n\n{body}" if body else ""


def _timeline(timeline: Sequence[IncidentEvent]) -> list[str]:
    shown = [f"{_time(e.at)} {for_markdown_line(e.text)}" for e in timeline[:_MOST_TIMELINE]]
    left = len(timeline) - len(shown)
    return [*shown, f"… and {left} more"] if left > 0 else shown


def _cause(incident: Incident, diagnosis: Diagnosis | None) -> list[str]:
    if diagnosis is None:
        return ["It was never diagnosed."]
    if diagnosis.cause is None:
        return [f"Inconclusive: {for_markdown_line(diagnosis.abstained_because or 'no cause stood out')}."]
    cause = diagnosis.cause
    title = FAULTS[cause.kind].title if cause.kind in FAULTS else cause.kind
    lines = [
        f"**{for_markdown_line(title)}** in **{for_markdown_line(cause.service)}**, confidence {cause.confidence:.0%}."
    ]
    lines += [
        f"{for_markdown_line(s.text)} ({', '.join(map(for_markdown_line, s.cites))})" for s in diagnosis.sentences
    ]
    others = [
        f"{for_markdown_line(h.service)}: {for_markdown_line(h.kind)} ({h.confidence:.0%})"
        for h in diagnosis.hypotheses[1:4]
    ]
    return lines + ([f"Also considered: {'; '.join(others)}."] if others else [])


def _evidence(diagnosis: Diagnosis | None) -> list[str]:
    items = diagnosis.evidence[:_MOST_EVIDENCE] if diagnosis else ()
    return [
        f"{for_markdown_line(e.id)}, {for_markdown_line(e.signal)}: {for_markdown_line(e.statement)}"
        + (f" Asked: {for_markdown_line(e.query)}" if e.query else "")
        for e in items
    ]


def _changes(diagnosis: Diagnosis | None) -> list[str]:
    found = diagnosis.changes if diagnosis else ()
    return [
        f"{_time(c.at)} {for_markdown_line(c.kind)} of {for_markdown_line(c.service)}: {for_markdown_line(c.words)}"
        + (f" ({for_markdown_line(c.author)})" if c.author else "")
        for c in found
    ]


def _tried(plans: Sequence[PlanRecord]) -> list[str]:
    lines = []
    for record in plans:
        what = tried(record)
        verdict = _OUTCOMES.get(record.state, str(record.state))
        why = f": {for_markdown_line(what.words)}" if what.words else ""
        lines.append(
            f"{for_markdown_line(what.action.replace('_', ' '))} of {for_markdown_line(what.target)}: **{verdict}**{why}"
        )
    return lines or ["No repair of the catalogue was tried."]


_OUTCOMES = {
    PlanState.SUCCEEDED: "worked, recovery was proven", PlanState.UNDONE: "did not help, taken back",
    PlanState.REJECTED: "refused by a person", PlanState.FAILED: "failed", PlanState.VOID: "no longer needed",
    PlanState.PROPOSED: "proposed, not carried out", PlanState.APPROVED: "agreed to, not carried out",
}  # fmt: skip


def _missing(diagnosis: Diagnosis | None) -> list[str]:
    return [
        f"{for_markdown_line(m.signal)}: {for_markdown_line(m.reason)}"
        for m in (diagnosis.missing if diagnosis else ())
    ]


def _alike(alike: Sequence[Similar]) -> list[str]:
    lines = []
    for s in alike:
        worked = ", ".join(t.action for t in s.past.tried if t.worked)
        end = f"; {for_markdown_line(worked)} worked" if worked else ""
        lines.append(
            f"{for_markdown_line(s.past.id)} of {_time(s.past.began)} ({s.similarity:.0%} alike): {for_markdown_line(s.past.root_cause)}{end}"
        )
    return lines


def _follow_up(
    incident: Incident, diagnosis: Diagnosis | None, plans: Sequence[PlanRecord], alike: Sequence[Similar]
) -> list[str]:
    lines = []
    worked = [r for r in plans if r.state is PlanState.SUCCEEDED]
    if worked and any(r.plan.action in ("restart", "scale_out", "roll_back") for r in worked):
        lines.append("The repair took the pressure off; remove the cause.")
    again = [
        s for s in alike if s.past.cause_kind == incident.cause_kind and s.past.cause_service == incident.cause_service
    ]
    if again and incident.cause_kind:
        lines.append(
            f"It happened before ({', '.join(for_markdown_line(s.past.id) for s in again)}): why did it come back?"
        )
    if diagnosis is None or diagnosis.abstained:
        lines.append("Find out what would have shown the cause, and start measuring it.")
    elif diagnosis.missing:
        lines.append("Close the gaps named under what could not be seen.")
    if (incident.opened_at - incident.onset).total_seconds() > 300:
        lines.append("It took more than five minutes to notice: look at the alert rule.")
    return lines


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _span(a: datetime, b: datetime) -> str:
    seconds = max((b - a).total_seconds(), 0)
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
