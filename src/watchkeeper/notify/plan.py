"""Who hears what, when: lines of a timeline in, notices with their moment out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeeper.domain.incident import Incident, IncidentEvent, Stage
from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.severity import Severity
from watchkeeper.settings import NotifySettings

_MOST_LINES = 8
_ASKS = ("incident.escalated", "approval.requested")
_URGENT = ("incident.opened", "incident.reopened", "incident.escalated", "approval.requested")


@dataclass(frozen=True, slots=True)
class Due:
    """What to say now, and which lines of the timeline it answers; what is not due yet stays owed."""

    notices: tuple[Notice, ...]
    told: tuple[int, ...]


def due(
    events: Sequence[IncidentEvent],
    incidents: dict[str, Incident],
    rules: NotifySettings,
    public_url: str,
    now: datetime,
) -> Due:
    """One notice an incident, whatever number of lines. Below critical, lines wait `group_seconds` for more of them.

    A critical incident is never held back; an incident below `least` is told to nobody.
    """
    notices, told = [], []
    by_incident: dict[str, list[IncidentEvent]] = {}
    for event in events:
        by_incident.setdefault(event.incident_id, []).append(event)
    for incident_id, lines in by_incident.items():
        incident = incidents.get(incident_id)
        if incident is None or not _heard(incident, rules):
            told += [e.id for e in lines]
        elif _now(incident, lines, rules, now):
            notices.append(_notice(incident, lines, public_url))
            told += [e.id for e in lines]
    notices.sort(key=lambda n: n.severity.rank)
    return Due(tuple(notices), tuple(told))


def _heard(incident: Incident, rules: NotifySettings) -> bool:
    return incident.severity.rank <= Severity(rules.least).rank


def _now(incident: Incident, lines: Sequence[IncidentEvent], rules: NotifySettings, now: datetime) -> bool:
    urgent = incident.severity is Severity.CRITICAL and any(e.kind in _URGENT for e in lines)
    return urgent or now - min(e.at for e in lines) >= timedelta(seconds=rules.group_seconds)


def _notice(incident: Incident, lines: Sequence[IncidentEvent], public_url: str) -> Notice:
    over = incident.stage is Stage.RESOLVED
    fresh = any(e.kind == "incident.opened" for e in lines)
    kind = NoticeKind.RESOLVED if over else NoticeKind.OPENED if fresh else NoticeKind.CHANGED
    links = (("the incident", f"{public_url.rstrip('/')}/incidents/{incident.id}"),) if public_url else ()
    return Notice(
        incident.id, incident.title, incident.severity, str(incident.stage),
        tuple(e.text[:500] for e in lines[-_MOST_LINES:]), links, incident.id, kind,
    )  # fmt: skip


def asks(events: Sequence[IncidentEvent], incident_id: str) -> bool:
    """Does one of these lines ask a person for something?"""
    return any(e.incident_id == incident_id and e.kind in _ASKS for e in events)


def answered(incident: Incident, timeline: Sequence[IncidentEvent], since: datetime) -> bool:
    """Has a person said anything since then, or is nobody needed any more?"""
    if incident.stage not in (Stage.AWAITING_APPROVAL, Stage.ESCALATED):
        return True
    spoken = ("approval.granted", "approval.rejected", "person.noted", "person.took_over", "person.handed_back")
    return any(e.kind in spoken and e.at >= since for e in timeline)


def merged(notices: Sequence[Notice]) -> Notice:
    """Several of one incident, oldest first, as one: the newest, with everybody's lines."""
    newest, lines = notices[-1], tuple(line for n in notices for line in n.lines)
    opened = newest.kind is NoticeKind.CHANGED and any(n.kind is NoticeKind.OPENED for n in notices)
    return replace(newest, lines=lines[-_MOST_LINES:], kind=NoticeKind.OPENED if opened else newest.kind)


def unanswered(notice: Notice, asked_at: datetime) -> Notice:
    """The same for who is next."""
    return replace(notice, lines=(f"Nobody answered since {asked_at:%H:%M} UTC.", *notice.lines)[:_MOST_LINES])


def blind(alert: str, last: datetime, now: datetime) -> Notice:
    """Nothing reaches us any more, or it would have been this alert."""
    minutes = (now - last).total_seconds() / 60
    words = f"{alert}, which always fires, was last heard {minutes:.0f} minutes ago, at {last:%Y-%m-%d %H:%M:%S} UTC."
    advice = "Alerts may not reach Watchkeeper: look at Prometheus, at Alertmanager and at the way between."
    return Notice(
        "",
        "Watchkeeper is blind",
        Severity.CRITICAL,
        "blind",
        (words, advice),
        (),
        "watchkeeper-blind",
        NoticeKind.BLIND,
    )


def sees_again(alert: str) -> Notice:
    """The end of `blind`."""
    return Notice(
        "",
        "Watchkeeper sees again",
        Severity.CRITICAL,
        "resolved",
        (f"{alert} is heard again.",),
        (),
        "watchkeeper-blind",
        NoticeKind.RESOLVED,
    )
