"""One parser for the API, the command line, the console and chat: words in, a typed question or command out.

Readers take the words they know, one after another; a word that nobody took and that is no filler makes the question
unclear, because it may have changed the meaning. Declining is better than an answer to another question.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from watchkeeper.ask import phrases, times
from watchkeeper.ask.anchors import read_anchor
from watchkeeper.ask.builds import read_builds
from watchkeeper.ask.commands import read_command
from watchkeeper.ask.intents import Reading
from watchkeeper.ask.names import read_services
from watchkeeper.ask.places import read_excluded, read_place, read_search
from watchkeeper.ask.question import Anchor, Anchored, Intent, Known, Order, Parsed, Question, Span, Unclear
from watchkeeper.ask.recorded import read_alert, read_recalled, read_severities
from watchkeeper.ask.signals import PARTNER
from watchkeeper.ask.slips import mended
from watchkeeper.ask.thresholds import read_threshold
from watchkeeper.ask.unclear import EXAMPLES, affirmative, not_understood, says_nothing
from watchkeeper.ask.unread import Unread

__all__ = ["EXAMPLES", "LONGEST", "parse"]
LONGEST = 2000
_HOUR = timedelta(hours=1)
_DEFAULTS = {
    Intent.WHY: timedelta(hours=1), Intent.WHEN: timedelta(hours=1), Intent.CHANGES: timedelta(days=1),
    Intent.LOGS: timedelta(minutes=15), Intent.TRACES: timedelta(minutes=15), Intent.UNUSUAL: timedelta(hours=1),
    Intent.NOISE: timedelta(days=7),
}  # fmt: skip
_ANCHORED = frozenset(
    (Intent.MEASURE, Intent.RANK, Intent.WHEN, Intent.CHANGES, Intent.LOGS, Intent.TRACES, Intent.ALERTS, Intent.HEALTH)
)
"""What can be asked of a time that hangs on an event."""


def parse(text: str, known: Known, now: datetime, zone: tzinfo, context: str = "") -> Parsed:
    """What is asked, or why it is unclear. `context` is an environment or a service the asker is looking at."""
    if not text.strip():
        return Unclear("Nothing was asked", EXAMPLES)
    if len(text) > LONGEST:
        return Unclear(f"That is longer than {LONGEST} characters: ask one thing at a time", EXAMPLES)
    at_once = Span(now, now, "now", named=False)
    words, slips = mended(text, known)
    unread = Unread(words)
    for pattern, detail in ((phrases.GREETING, "greeting"), (phrases.HELP, "")):
        if unread.has(pattern):
            return Question(Intent.HELP, at_once, detail=detail)
    command = read_command(Unread(text))
    if command is not None:
        return command
    try:
        question = _question(unread, known, now, zone)
    except times.NoSuchTime as error:
        return Unclear(f"No clock shows {error}", EXAMPLES)
    except times.FutureAsked:
        return Unclear(
            "That time has not come yet; I can tell what was, and which limits will soon be reached",
            ("when will memory reach its limit?",),
        )
    if isinstance(question, Unclear):
        return question
    half = re.search(r"\d\s?[ap]\.?m\b", words.lower()) is not None
    return _in_context(replace(question, half_days=half, read_as=slips), context, known)


def _question(unread: Unread, known: Known, now: datetime, zone: tzinfo) -> Question | Unclear:
    if counted := re.search(phrases.HEADS, unread.text):
        return Unclear(f"I count requests, not {counted.group(1)}", ("how many requests failed in the last hour?",))
    anchor = read_anchor(unread, known)
    named = unread.take(phrases.INCIDENT_ID)
    incident = named.group(1) if named else ""
    if recalled := read_recalled(unread, known, incident, Span(now, now, "now", named=False)):
        return recalled
    alert, severities = read_alert(unread, known), read_severities(unread)
    search = read_search(unread)
    threshold = read_threshold(unread)
    versus = times.read_versus(unread, now, zone)
    span = times.read_span(unread, now, zone, _HOUR)
    if builds := read_builds(unread, known, span):
        return builds
    environment, namespace, problem = read_place(unread, known)
    if problem is not None:
        return problem
    excluded = read_excluded(unread, known)
    compound = replace(known, services=tuple(s for s in known.services if re.search(r"[-_ ]", s)))
    services = read_services(unread, compound, phrases.VOCABULARY | frozenset(known.services))
    negated = unread.has(phrases.NEGATED)
    read = Reading(unread, known, threshold is not None, timed=span.named or anchor is not None)
    intent, detail = read.of_incident() if incident else read.of_alert() if alert else read.intent()
    search = search or read.version
    if search and intent is Intent.HEALTH and not read.signals:
        intent, detail = Intent.LOGS, ""
    for service in (*read.services, *read_services(unread, known, phrases.VOCABULARY)):
        services += (service,) if service not in services else ()
    question = Question(
        intent, replace(span, start=now - _DEFAULTS[intent]) if intent in _DEFAULTS and not span.named else span, tuple(read.signals), services, excluded,
        environment, namespace, read.summary, read.order, read.top, threshold, read.per_pod, None, incident, search, detail, read.count,
        anchor=anchor, minutely=read.minutely, latest=read.latest, severities=severities, alert=alert,
    )  # fmt: skip
    if threshold is not None and threshold.unit == "%":
        question = replace(question, signals=tuple(PARTNER.get(s, s) for s in question.signals))
    if len(services) > 1 and question.signals and unread.takes(r"\bthan\b"):
        # One against another: both numbers side by side answer it.
        question = replace(question, intent=Intent.MEASURE, detail="")
    left = [w for w in unread.words() if not says_nothing(w)]
    if left:
        return not_understood(left, known, question)
    if _half_compared(question, unread, versus is not None):
        return Unclear("I do not see what it is to be compared with", (affirmative(question),))
    if negated and _turned(question):
        return Unclear("I do not answer questions with a negation: too easily misread", (affirmative(question),))
    if anchor is not None:
        return _complete(_hung(question, anchor))
    return _complete(_compared(question, unread, versus))


def _half_compared(question: Question, unread: Unread, versus: bool) -> bool:
    """A comparison was said, and one side of it was not understood."""
    said = unread.has(r"\b(?:vs|versus|than|against)\b|\bcompar(?:e[ds]?|ing) (?:to|with)\b")
    whole = versus or len(question.services) > 1 or question.threshold is not None
    whole = whole or (question.anchor is not None and question.anchor.side is Anchored.BOTH)
    return said and not whole and question.intent in _ANCHORED


def _turned(question: Question) -> bool:
    """Does a negation turn what is asked? "Not ready" and "not working" are states of their own."""
    if question.intent is Intent.WHY:
        return bool(set(question.signals) - {"availability"})
    return question.intent not in (Intent.PODS, Intent.HEALTH) or question.detail in ("signal", "good", "told")


def _compared(question: Question, unread: Unread, versus: Callable[[Span], Span] | None) -> Question:
    """With the time it is compared with, where one is meant."""
    span = question.span
    if versus is not None:
        question = replace(question, versus=versus(span))
        if "before and after" in unread.original and span.moment is not None:
            later = replace(span, start=span.moment, moment=None, words=f"the time after {span.words}")
            question = replace(question, span=later)
    elif question.detail == "trend" and question.intent is Intent.MEASURE and len(question.services) < 2:
        question = replace(question, versus=times.before(span))
    return question


def _hung(question: Question, anchor: Anchor) -> Question | Unclear:
    """A question whose time hangs on an event; unclear where the intent has no such time."""
    story = question.intent is Intent.INCIDENTS and question.detail == "story"
    if story and anchor.of == "incident" and anchor.side is Anchored.DURING:
        return replace(
            question,
            anchor=None,
            incident=anchor.incident,
            services=(anchor.service,) if anchor.service else (),
            detail="story" if anchor.incident else "last",
        )
    if story and anchor.side is Anchored.BEFORE:
        question = replace(question, intent=Intent.CHANGES, detail="")
    if question.intent not in _ANCHORED or (anchor.side is Anchored.BOTH and question.intent is not Intent.MEASURE):
        return Unclear(
            "I cannot look at that beside an incident or a release",
            (affirmative(question), "what changed before the last incident?"),
        )
    return question


def _complete(question: Question | Unclear) -> Question | Unclear:
    """What the intent needs is there."""
    if isinstance(question, Unclear):
        return question
    if question.intent in (Intent.MEASURE, Intent.RANK, Intent.WHEN) and not question.signals:
        return Unclear("I do not see which signal is meant", EXAMPLES)
    lost = question.detail == "vague" or (not question.services and question.detail in ("", "well"))
    if lost and question.environment and question.detail != "vague":
        return replace(question, detail="all")
    if question.intent is Intent.DECLARED and question.span.named and question.span.words != "now":
        if question.detail == "image":
            return replace(question, intent=Intent.CHANGES, detail="")
        return Unclear("I see what is declared now, not what was declared before", ("what changed in the last hour?",))
    if question.intent is Intent.HEALTH and not question.signals and lost:
        return Unclear("I did not understand that", EXAMPLES, model_may_read=True)
    if question.intent is Intent.CALLS and question.detail != "graph" and not question.services:
        return Unclear("Which service? Name one", EXAMPLES)
    if question.intent is Intent.RANK and question.order is None:
        return replace(question, order=Order.MOST)
    return question


def _in_context(question: Question, context: str, known: Known) -> Question | Unclear:
    """Where the asker stands fills what they did not say."""
    if not context.strip() or question.environment or question.services:
        return question
    unread = Unread(context)
    environment, namespace, problem = read_place(unread, known)
    if problem is not None:
        return problem
    return replace(question, environment=environment, namespace=question.namespace or namespace)
