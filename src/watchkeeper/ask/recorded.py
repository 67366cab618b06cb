"""Questions about records: which severity, which alert, which incident; similar ones and runbooks."""

import re

from watchkeeper.ask import phrases
from watchkeeper.ask.names import read_services
from watchkeeper.ask.question import Intent, Known, Question, Span
from watchkeeper.ask.unclear import says_nothing
from watchkeeper.ask.unread import Unread
from watchkeeper.domain.severity import severity_of

_NUMBERED = {"0": "critical", "1": "critical", "2": "high", "3": "warning", "4": "info", "5": "info"}


def read_recalled(unread: Unread, known: Known, incident: str, span: Span) -> Question | None:
    """Similar incidents: every word must be understood. Runbooks: what is left is what to look for."""
    if unread.takes(phrases.RUNBOOK):
        services = read_services(unread, known, phrases.VOCABULARY)
        words = " ".join(w for w in unread.words() if not says_nothing(w))
        return Question(Intent.RECALL, span, services=services, incident=incident, search=words, detail="runbook")
    if unread.has(phrases.SIMILAR):
        unread.takes(phrases.SIMILAR)
        services = read_services(unread, known, phrases.VOCABULARY)
        unread.takes(r"\b(?:past |previous |earlier )?(?:incidents?|outages?|problems?|issues?)\b")
        if all(says_nothing(w) for w in unread.words()):
            return Question(Intent.RECALL, span, services=services, incident=incident, detail="similar")
    return None


def read_severities(unread: Unread) -> tuple[str, ...]:
    """Of incidents or alerts that are asked for; takes the words that name them."""
    out: list[str] = []
    nouns = r"(?:incidents?|outages?|alerts?|alarms?)"
    while found := unread.take(
        rf"\b(critical|crit|high|major|minor|warning|info)(?:[ -](?:severity|priority))?(?: (?:or|and|,))?(?=[\w ,¦]{{0,24}}\b{nouns}\b)"
    ):
        severity = severity_of(found.group(1))
        out += [severity.value] if severity else []
    while found := unread.take(rf"\b(?:sev|p) ?-?([0-5])(?:'?s)?(?: {nouns})?\b(?! ?(?:latency|response))"):
        unread.text += " incidents "
        out.append(_NUMBERED[found.group(1)])
    return tuple(dict.fromkeys(out))


def read_alert(unread: Unread, known: Known) -> str:
    """A name of an alert that was received; it is written as one word or as its parts."""
    for name in sorted(known.alerts, key=len, reverse=True):
        spoken = r"[ _-]?".join(map(re.escape, re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name))) or re.escape(name)
        if len(name) > 3 and unread.takes(rf"(?<![\w-])(?:the )?{spoken.lower()}(?:s|'s)?(?![\w-])"):
            return name
    return ""
