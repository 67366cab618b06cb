"""One incident: what happened, why, what is planned, and how it went."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from watchkeeper.console.charts import bars, series, topology, waterfall
from watchkeeper.console.page import Page, Visit
from watchkeeper.console.plans import shown_plan
from watchkeeper.domain.exhibit import Exhibit, LinesExhibit, MapExhibit, SeriesExhibit, TraceExhibit
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.severity import Role
from watchkeeper.store.ports.conversation import Exchange
from watchkeeper.workflows.converse import examples

_MOST_LINES, _MOST_ALERTS, _MOST_SAID = 200, 50, 6
"""Of the timeline, its alerts and its conversation: a storm brings thousands."""
_MOST_DRAWN = 30_000
"""Characters of pictures in the conversation, the newest first."""


async def _show(visit: Visit) -> Mapping[str, object]:
    incident_id = visit.path["incident_id"]
    async with visit.house.store.transaction() as tx:
        incident = await tx.incident(incident_id)
        diagnosis, plans = await tx.diagnosis(incident_id), await tx.plans_of(incident_id)
        alerts, alert_count = await tx.first_alerts_of(incident_id, _MOST_ALERTS)
        timeline, line_count = await tx.last_events_of(incident_id, _MOST_LINES)
        exhibits, seen = await tx.exhibits_of(incident_id), await tx.sightings_of(incident_id)
        said, said_count = await tx.conversation(incident_id, _MOST_SAID)
        held = [t for t in await tx.takeovers(visit.now) if t.incident_id == incident_id]
    told = {s.service for h in diagnosis.hypotheses[:1] for s in h.evidence} if diagnosis else set()
    may, over = visit.may(Role.RESPONDER), incident.stage is Stage.RESOLVED
    closable = incident.stage in (Stage.ESCALATED, Stage.ROLLED_BACK) and may
    return {
        "title": incident.title, "live": incident.id, "incident": incident, "diagnosis": diagnosis, "alerts": alerts,
        "timeline": [(e, _mood(e.kind)) for e in timeline], "earlier": line_count - len(timeline), "alert_count": alert_count, "plans": [shown_plan(visit, r) for r in plans], "services": told,
        "pictures": drawn(exhibits), "close_key": visit.key("resolve", incident.id) if closable else "",
        "over": over, "held": held, "take_key": visit.key("take_over", incident.id) if may and (held or not over) else "", "seen": seen,
        "word_key": visit.key("feedback", incident.id) if may and seen else "", "may": may,
        "said": pictured(said), "said_count": said_count, "ask_key": visit.key("ask", incident.id) if may else "",
        "examples": examples(incident.cause_service or incident.service),
        "group_key": visit.key("regroup", incident.id) if may and not over else "",
    }  # fmt: skip


def pictured(said: Sequence[Exchange]) -> list[tuple[Exchange, Markup]]:
    """With the pictures of the newest, as long as they stay small together."""
    out, left = [], _MOST_DRAWN
    for one in reversed(said):
        left -= len(one.picture)
        # Drawn by ask.picture, which escapes every name and writes attributes alone.
        out.append((one, Markup(one.picture if left >= 0 else "")))  # noqa: S704
    return out[::-1]


def drawn(exhibits: Sequence[Exhibit]) -> list[tuple[str, str, str, Markup, tuple[str, ...]]]:
    """(kind, evidence id, caption, picture, examples) of each exhibit."""
    out: list[tuple[str, str, str, Markup, tuple[str, ...]]] = []
    for number, one in enumerate(exhibits):
        key = f"x{number}"
        match one:
            case MapExhibit():
                out.append(("map", "", topology.in_words(one), topology.draw(one, key), ()))
            case SeriesExhibit():
                out.append(("series", one.cites, f"{one.service}: {one.metric}", series.draw(one, key), ()))
            case LinesExhibit():
                out.append(("lines", one.cites, f"{one.service}: {one.template}", bars.draw(one, key), one.examples))
            case TraceExhibit():
                out.append(("trace", one.cites, waterfall.in_words(one), waterfall.draw(one, key), ()))
    return out


_MOODS = {
    "approval.requested": "person", "approval.granted": "person", "approval.rejected": "person", "person.noted": "person",
    "incident.resolved": "done", "change.deployed": "done", "change.merged": "done", "incident.escalated": "trouble",
    "change.undone": "trouble", "incident.opened": "trouble", "approval.void": "trouble",
}  # fmt: skip


def _mood(kind: str) -> str:
    return _MOODS.get(kind, "")


PAGE = Page("/incidents/{incident_id}", "Incident", "incident.html", _show)
