"""One parser for the API, the command line, the console and chat: words in, a typed question or command out.

Readers take the words they know, one after another; a word that nobody took and that is no filler makes the question
unclear, because it may have changed the meaning. Declining is better than an answer to another question.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from watchkeeper.ask import phrases, times
from watchkeeper.ask.commands import read_command
from watchkeeper.ask.names import nearest_services, read_services
from watchkeeper.ask.question import Intent, Known, Order, Parsed, Question, Span, Summary, Unclear
from watchkeeper.ask.signals import PARTNER, SIGNALS
from watchkeeper.ask.thresholds import read_threshold
from watchkeeper.ask.unread import Unread

LONGEST = 2000
_HOUR = timedelta(hours=1)
_DEFAULTS = {
    Intent.WHY: timedelta(hours=1), Intent.WHEN: timedelta(hours=1), Intent.CHANGES: timedelta(days=1),
    Intent.LOGS: timedelta(minutes=15), Intent.TRACES: timedelta(minutes=15), Intent.UNUSUAL: timedelta(hours=1),
}  # fmt: skip
_AGAINST_LIMIT = {"pool": "pool-rate", "mem": "mem-rate", "cpu": "cpu-rate"}
_BARE = frozenset(
    [
        "how",
        "what",
        "and",
        "about",
        "is",
        "are",
        "the",
        "with",
        "things",
        "how's",
        "what's",
        "show",
        "me",
        "tell",
        "we",
        "up",
        "s",
    ]
)
"""Words beside which a service's name alone asks how it is."""
EXAMPLES = (
    "show me CPU usage for all services in the last hour",
    "why did latency spike at 2 PM?",
    "which services have errors above 1 %?",
    "what was deployed today?",
    "is anything waiting for approval?",
)


def parse(text: str, known: Known, now: datetime, zone: tzinfo, context: str = "") -> Parsed:
    """What is asked, or why it is unclear. `context` is an environment or a service the asker is looking at."""
    if not text.strip():
        return Unclear("Nothing was asked", EXAMPLES)
    if len(text) > LONGEST:
        return Unclear(f"That is longer than {LONGEST} characters: ask one thing at a time", EXAMPLES)
    unread = Unread(text)
    if unread.has(phrases.HELP):
        return Question(Intent.HELP, Span(now, now, "now", named=False))
    command = read_command(unread)
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
    question = replace(question, half_days=re.search(r"\d\s?[ap]\.?m\b", text.lower()) is not None)
    return _in_context(question, context, known)


def _question(unread: Unread, known: Known, now: datetime, zone: tzinfo) -> Question | Unclear:
    incident = unread.take(phrases.INCIDENT_ID)
    if recalled := _recalled(unread, known, incident.group(1) if incident else "", now):
        return recalled
    search = _search(unread)
    threshold = read_threshold(unread)
    versus = times.read_versus(unread, now, zone)
    span = times.read_span(unread, now, zone, _HOUR)
    environment, namespace, problem = _place(unread, known)
    if problem is not None:
        return problem
    excluded = _excluded(unread, known)
    compound = replace(known, services=tuple(s for s in known.services if re.search(r"[-_ ]", s)))
    services = read_services(unread, compound, phrases.VOCABULARY | frozenset(known.services))
    negated = unread.has(phrases.NEGATED)
    read = _Read(unread, known, threshold is not None)
    intent, detail = read.intent()
    for service in (*read.services, *read_services(unread, known, phrases.VOCABULARY)):
        services += (service,) if service not in services else ()
    question = Question(
        intent, replace(span, start=now - _DEFAULTS[intent]) if intent in _DEFAULTS and not span.named else span, tuple(read.signals), services, excluded,
        environment, namespace, read.summary, read.order, read.top, threshold, read.per_pod, None, incident.group(1) if incident else "", search, detail, read.count,
    )  # fmt: skip
    if threshold is not None and threshold.unit == "%":
        question = replace(question, signals=tuple(PARTNER.get(s, s) for s in question.signals))
    if len(services) > 1 and question.signals and unread.takes(r"\bthan\b"):
        # One against another: both numbers side by side answer it.
        question = replace(question, intent=Intent.MEASURE, detail="")
    left = [w for w in unread.words() if not _says_nothing(w)]
    if left:
        return _not_understood(left, known, question)
    if negated and (intent not in (Intent.PODS, Intent.HEALTH, Intent.WHY) or detail == "signal"):
        return Unclear("I do not answer questions with a negation: too easily misread", (_affirmative(question),))
    if versus is not None:
        question = replace(question, versus=versus(span))
        if "before and after" in unread.original and span.moment is not None:
            question = replace(
                question, span=replace(span, start=span.moment, moment=None, words=f"the time after {span.words}")
            )
    elif detail == "trend" and intent is Intent.MEASURE and len(services) < 2:
        question = replace(question, versus=times.before(span))
    return _complete(question)


def _recalled(unread: Unread, known: Known, incident: str, now: datetime) -> Question | None:
    """Similar incidents: every word must be understood. Runbooks: what is left is what to look for."""
    span = Span(now, now, "now", named=False)
    if unread.takes(phrases.RUNBOOK):
        services = read_services(unread, known, phrases.VOCABULARY)
        words = " ".join(w for w in unread.words() if not _says_nothing(w))
        return Question(Intent.RECALL, span, services=services, incident=incident, search=words, detail="runbook")
    if unread.has(phrases.SIMILAR):
        unread.takes(phrases.SIMILAR)
        services = read_services(unread, known, phrases.VOCABULARY)
        unread.takes(r"\b(?:past |previous |earlier )?(?:incidents?|outages?|problems?|issues?)\b")
        if all(_says_nothing(w) for w in unread.words()):
            return Question(Intent.RECALL, span, services=services, incident=incident, detail="similar")
    return None


class _Read:
    """Intent, signals and how numbers are summed up, taken from what is unread."""

    def __init__(self, unread: Unread, known: Known, limited: bool) -> None:
        self._unread, self._known, self._limited = unread, known, limited
        self.services: tuple[str, ...] = ()
        self.count = unread.takes(phrases.COUNT)
        self.per_pod = unread.takes(phrases.PER_POD)
        self.signals: list[str] = []
        self.summary: Summary | None = None
        self.order: Order | None = None
        self.top = 0

    def intent(self) -> tuple[Intent, str]:
        """The intent with its detail; fills the rest."""
        unread = self._unread
        if unread.takes(phrases.WHY):
            return self._why()
        if unread.takes(phrases.HAPPENED):
            return Intent.INCIDENTS, "story"
        if unread.takes(phrases.BROKEN):
            self._subjects()
            return Intent.HEALTH, "broken"
        when = unread.takes(phrases.WHEN)
        self._ranks()
        for intent, detail, pattern in phrases.INTENTS:
            if unread.takes(pattern):
                return self._told(intent, detail, when)
        self._subjects()
        self.services = read_services(unread, self._known, phrases.VOCABULARY)
        return self._measured(when)

    def _why(self) -> tuple[Intent, str]:
        last = self._unread.takes(r"\b(?:last|latest|most recent) (?:incident|outage)\b")
        self._subjects()
        about = r"\b(?:incidents?|outages?|alerts?|deploy(?:s|ed|ment)?|releases?|changes?|(?:today|yesterday)'s|logs?|pods?|containers?)\b"
        for pattern in (
            phrases.SPIKED,
            phrases.DROPPED,
            phrases.HEALTH,
            phrases.START,
            phrases.WHY,
            about,
            phrases.EVERYTHING,
        ):
            while self._unread.takes(pattern):
                pass
        return Intent.WHY, "last" if last else ""

    def _told(self, intent: Intent, detail: str, when: bool) -> tuple[Intent, str]:
        unread = self._unread
        if intent is Intent.FORECAST:
            self._subjects()
            unread.takes(
                r"\b(?:run(?:ning)? out(?: of)?|exhaust(?:ed)?|fill(?:ed)?(?: up)?|reach(?:es)?|hit(?:s)?|limits?|full|exceed|cross)\b"
            )
            unread.takes(r"\b(?:limits?|its limit|threshold)\b")
        if intent in (Intent.ALERTS, Intent.INCIDENTS):
            detail = detail or self._standing()
        if intent in (Intent.CHANGES, Intent.PLANS, Intent.INCIDENTS, Intent.LOGS):
            if unread.takes(r"\b(?:last|latest|most recent|newest)\b"):
                detail = detail if intent in (Intent.LOGS, Intent.PLANS) else "last"
            if intent is Intent.CHANGES and when:
                detail = "last"
        if intent is Intent.INCIDENTS:
            while unread.takes(phrases.START) or unread.takes(
                r"\b(?:to )?(?:resolve|recover|last(?:ed)?|end(?:ed)?)\b"
            ):
                pass
        if intent is Intent.LOGS:
            unread.takes(r"\b(?:most common|common(?:est)?|frequent|top|grouped|patterns?|templates?)\b")
            if detail == "" and unread.takes(r"\b(?:errors?|failures?|fatal)\b"):
                detail = "error"
            unread.takes(r"\b(?:logs?|log lines?|logging|logged|messages?|lines?|search|containing)\b")
        if intent is Intent.UNUSUAL:
            self._subjects()
        if intent is Intent.CALLS:
            unread.takes(
                r"\b(?:calls?|called|fails?|goes down|dies|breaks|stops|is down|went down|down|call|services?)\b"
            )
        if intent in (Intent.CHANGES, Intent.DECLARED):
            unread.takes(r"\b(?:versions?|images?|deployed|deployments?|runs?|replicas?|pods?|memory|cpu|limits?)\b")
        unread.takes(phrases.EVERYTHING)
        unread.takes(phrases.PODS)
        return intent, detail

    def _standing(self) -> str:
        for word, pattern in (("open", r"\b(?:open|active|ongoing|current(?:ly)?|unresolved|live|firing|in progress|happening)\b"),
                              ("resolved", r"\b(?:resolved|closed|solved|fixed|finished|past|healed)\b")):  # fmt: skip
            if self._unread.takes(pattern):
                return word
        return ""

    def _ranks(self) -> None:
        top = self._unread.take(r"\b(?:top|worst|bottom|first)\s+(\d{1,2}|three|five|ten)\b")
        if top:
            self.top = int({"three": "3", "five": "5", "ten": "10"}.get(top.group(1), top.group(1)))
            self.order = Order.LEAST if "bottom" in top.group(0) else Order.MOST

    def _subjects(self) -> None:
        """Signals, ranking, summary."""
        unread = self._unread
        for order, implied, pattern in phrases.ORDER:
            if implied and unread.takes(pattern):
                self.order = self.order or order
                if not unread.has(r"\b(?:cpu|memory|mem|errors?|traffic|latency)\b"):
                    self.signals.append(implied)
        for name, signal in SIGNALS.items():
            if name not in self.signals and unread.takes(signal.words):
                self.signals.append(name)
                while unread.takes(signal.words):
                    pass
        if not self.signals and unread.takes(r"\b(?:resources?(?: (?:usage|consumption|use))?)\b"):
            self.signals = ["cpu", "mem"]
        if self.signals and unread.takes(
            r"\b(?:full(?:ness)?|exhausted|saturated|maxed out|utili[sz]ed|close to (?:its|their|the) limits?|(?:of|at|against) (?:its|their|the) limits?)\b"
        ):
            self.signals = [_AGAINST_LIMIT.get(s, s) for s in self.signals]
        for order, implied, pattern in phrases.ORDER:
            if not implied and unread.takes(pattern):
                self.order = self.order or order
        for summary, pattern in phrases.SUMMARY:
            if self.summary is None and unread.takes(pattern):
                self.summary = summary
        self.per_pod = unread.takes(phrases.PER_POD) or self.per_pod

    def _measured(self, when: bool) -> tuple[Intent, str]:
        """No noun of another intent was said: it is about numbers, pods or health."""
        unread = self._unread
        which = (
            re.search(r"\b(?:which|what|who) (?:services?|apps?|one|is|has|uses?|pods?)\b", unread.original) is not None
        )
        if self.signals == ["oom"] or unread.takes(phrases.POD_STATES["crashing"]):
            state = "oom" if self.signals else "crashing"
            self.signals = []
            unread.takes(phrases.PODS)
            unread.takes(phrases.EVERYTHING)
            return Intent.PODS, state
        if unread.takes(phrases.PODS) or (self.per_pod and not self.signals):
            for state, pattern in phrases.POD_STATES.items():
                if unread.takes(pattern):
                    return Intent.PODS, state
            if not self.signals:
                unread.takes(r"\b(?:running|ready|up|healthy)\b")
                unread.takes(phrases.EVERYTHING)
                return Intent.PODS, ""
            self.per_pod = self.per_pod or which
        if self.signals == ["replicas"] and self.count:
            return Intent.DECLARED, "replicas"
        everything = unread.takes(phrases.EVERYTHING)
        moved = unread.takes(phrases.SPIKED) if self.signals else False
        fell = not moved and self.signals != [] and unread.takes(phrases.DROPPED)
        started = unread.takes(phrases.START)
        trend = unread.takes(phrases.TREND)
        if when and self.signals:
            return Intent.WHEN, "down" if fell else "up"
        if (self._limited and which) or (self.order is not None and self.signals):
            return Intent.RANK, ""
        well = unread.takes(phrases.HEALTH)
        if not self.signals:
            short = set(re.findall(r"[a-z']+", unread.text)) <= _BARE
            return Intent.HEALTH, "all" if everything and well else "well" if well else "" if short else "vague"
        if (moved or fell) and re.search(r"^\W*(?:did|has|have|was|were)\b", unread.text):
            return Intent.WHEN, "down" if fell else "up"
        if set(self.signals) & {"oom", "restarts"}:
            return Intent.MEASURE, ""
        if re.search(r"\b(?:which|what) services?\b", unread.original) and (moved or "slow" in unread.original):
            return Intent.HEALTH, "signal"
        asks = re.search(r"^\W*(?:is|are|does|do)\b", unread.text) is not None
        if well or started or (asks and not moved and not fell and not self._limited):
            return Intent.HEALTH, "signal"
        return Intent.MEASURE, "trend" if moved or fell or trend else ""


def _place(unread: Unread, known: Known) -> tuple[str, str, Unclear | None]:
    """Environment and namespace; unclear where we do not see that one."""
    namespace = unread.take(
        r"\b(?:in |for |from )?(?:the )?(?:namespace|ns) [\"']?([a-z0-9][a-z0-9-]*)[\"']?|\b(?:in |for |from )?the ([a-z0-9][a-z0-9-]*) namespace\b"
    )
    name = (namespace.group(1) or namespace.group(2)) if namespace else ""
    if name and name not in known.namespaces:
        return (
            "",
            "",
            Unclear(f"I see no namespace called {name!r}; those I see: {', '.join(known.namespaces) or 'none'}"),
        )
    for environment, pattern in phrases.ENVIRONMENTS.items():
        if unread.takes(
            r"\b(?:in |on |for |from )?(?:our |the )?"
            + pattern.removeprefix(r"\b").removesuffix(r"\b")
            + r"\b(?:'s)?(?: (?:environment|cluster|env))?"
        ):
            if environment in known.environments or environment[:4] in known.environments:
                return environment, name, None
            seen = ", ".join(known.environments)
            return (
                "",
                "",
                Unclear(
                    f"I do not see {environment}: this installation watches {seen}", (f"ask the same about {seen}",)
                ),
            )
    return "", name, None


def _search(unread: Unread) -> str:
    """What to look for in lines: quoted, or after "containing"."""
    quoted = unread.take(r"[\"\u201c]([^\"\u201d]{2,200})[\"\u201d]") or unread.take(r"(?<!\w)'([^']{2,200})'(?!\w)")
    if quoted is not None:
        unread.takes(r"\b(?:containing|mentioning|matching|with|for|grep)\s*(?=¦)")
        return quoted.group(1).strip()
    found = unread.take(
        r"\b(?:containing|mentioning|matching|that mention|that contain|grep(?: for)?|(?:search|look)(?: the)?(?: logs?)? for)\s+(?:the word )?([\w.:/-]{2,80})"
    )
    return found.group(1) if found else ""


def _excluded(unread: Unread, known: Known) -> tuple[str, ...]:
    found = unread.take(
        r"\b(?:except(?: for)?|excluding|other than|but not|(?<=everything )but|(?<=all )but|(?<=services )but|ignoring|apart from|besides)\s+([\w,\- ]+?)(?=\s*(?:[?.!]|¦|$|\bin the\b|\bover\b))"
    )
    if found is None:
        return ()
    inner = Unread(found.group(1))
    # One pod cannot be left out of a service's numbers.
    services = () if inner.has(phrases.PODS) else read_services(inner, known, phrases.VOCABULARY)
    if not services:
        unread.text += f" {found.group(0)} "
    return services


def _says_nothing(word: str) -> bool:
    return (
        word in phrases.FILLERS
        or word.strip(".%/:'-") in phrases.FILLERS
        or bool(re.fullmatch(r"['s.\-:/%]*", word))
        or word in ("n't", "isn't", "aren't", "not", "no", "doesn't", "didn't", "never")
    )


def _not_understood(left: list[str], known: Known, question: Question) -> Unclear:
    """Names what was not understood, and what is close to it."""
    words = ", ".join(f"'{w}'" for w in left[:4])
    close = [s for w in left for s in nearest_services(w, known)][:2]
    said = f"I do not know what {words} means here"
    if not question.services and close:
        said += f"; did you mean {' or '.join(close)}?"
    elif not question.services and known.services:
        said += f". Services I see: {', '.join(known.services[:12])}"
    return Unclear(said, tuple(dict.fromkeys((_affirmative(question), *EXAMPLES[:2]))), model_may_read=True)


def _affirmative(question: Question) -> str:
    """A question near to it that is certainly understood."""
    who = " and ".join(question.services) or "all services"
    if question.signals:
        title = SIGNALS[question.signals[0]].title
        title = title if title[:2].isupper() else title[0].lower() + title[1:]
        return f"show {title} of {who} in the last hour"
    match question.intent:
        case Intent.LOGS:
            return f"show error logs of {who}"
        case Intent.CHANGES:
            return f"what was deployed to {who} today?"
        case Intent.CALLS:
            return f"who calls {question.services[0] if question.services else 'SERVICE'}?"
        case Intent.INCIDENTS | Intent.ALERTS | Intent.PLANS:
            return "which incidents are open?"
        case Intent.WHY:
            return f"why is {who} slow?"
        case _:
            return f"how is {question.services[0]}?" if question.services else EXAMPLES[0]


def _complete(question: Question) -> Question | Unclear:
    """What the intent needs is there."""
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
    environment, namespace, problem = _place(unread, known)
    if problem is not None:
        return problem
    return replace(question, environment=environment, namespace=question.namespace or namespace)
