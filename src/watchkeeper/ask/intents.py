"""Which intent the words have, its signals and how numbers are summed up."""

import re

from watchkeeper.ask import phrases
from watchkeeper.ask.names import read_services
from watchkeeper.ask.question import Intent, Known, Order, Summary
from watchkeeper.ask.signals import SIGNALS
from watchkeeper.ask.unread import Unread

_LIMITED = {"mem-rate": r"memory|mem|ram", "cpu-rate": "cpu", "disk": "disk", "pool-rate": "pool|connection"}
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


class Reading:
    """Intent, signals and how numbers are summed up, taken from what is unread."""

    def __init__(self, unread: Unread, known: Known, limited: bool, timed: bool = False) -> None:
        self.timed = timed
        self._unread, self._known, self._limited = unread, known, limited
        self.services: tuple[str, ...] = ()
        self.minutely = unread.has(r"\b(?:per|a|each|every) min(?:ute)?\b|/ ?min\b|\brpm\b")
        rate = self.minutely or unread.has(r"\b(?:per|a|each|every) sec(?:ond)?\b|/ ?s\b|\b[rq]ps\b")
        self.count = unread.takes(phrases.COUNT) and not rate
        self.latest = False
        self.per_pod = unread.takes(phrases.PER_POD)
        self.signals: list[str] = []
        self.summary: Summary | None = None
        self.order: Order | None = None
        self.top = 0
        self.version = ""

    def of_incident(self) -> tuple[Intent, str]:
        """An incident was named: why, what repairs it, on what evidence, or its story."""
        unread = self._unread
        if unread.takes(phrases.WHY) or unread.takes(r"\b(?:impact|effects?)(?: of)?\b"):
            return self._why()
        if unread.takes(phrases.MENDED):
            return Intent.PLANS, "any"
        plans = [(detail, words) for intent, detail, words in phrases.INTENTS if intent is Intent.PLANS]
        detail = next((d for d, words in plans if unread.takes(words)), None)
        if detail is not None:
            unread.takes(r"\b(?:proposed|suggested|repairs?|fix(?:es)?|plans?)\b")
            return Intent.PLANS, detail if detail in ("who", "waiting", "failed") else "any"
        evidence = unread.takes(phrases.EVIDENCE)
        people = re.search(r"\bwho(?:se|m|'s)?\b", unread.original) is not None
        while (
            unread.takes(phrases.STORY)
            or unread.takes(phrases.HAPPENED)
            or unread.takes(phrases.WHEN)
            or (not people and unread.takes(phrases.HEALTH))
        ):
            pass
        unread.takes(r"\b(?:incidents?|outages?)\b")
        return Intent.INCIDENTS, "evidence" if evidence else "story"

    def of_alert(self) -> tuple[Intent, str]:
        """An alert was named: when it fired, whether it fires, or why."""
        unread = self._unread
        if unread.takes(phrases.WHY):
            while unread.takes(phrases.FIRED) or unread.takes(r"\balerts?\b"):
                pass
            return self._why()
        unread.takes(phrases.WHEN)
        while unread.takes(phrases.FIRED) or unread.takes(r"\b(?:alerts?|alarms?|active|last|status|state|often)\b"):
            pass
        return Intent.ALERTS, ""

    def intent(self) -> tuple[Intent, str]:
        """The intent with its detail; fills the rest."""
        unread = self._unread
        if unread.takes(phrases.WHY):
            return self._why()
        if unread.has(phrases.HAPPENED) and (self.timed or re.search(r"\b(?:to|with)\b", unread.text)):
            before = unread.text
            unread.takes(phrases.HAPPENED)
            self.services = read_services(unread, self._known, phrases.VOCABULARY)
            if self.services:
                return self._why()
            unread.text = before
        if unread.takes(phrases.HAPPENED):
            return Intent.INCIDENTS, "story"
        safe = next(words for intent, _, words in phrases.INTENTS if intent is Intent.SAFE)
        if not unread.has(safe) and unread.takes(phrases.BROKEN):
            self._subjects()
            return Intent.HEALTH, "broken"
        when = unread.takes(phrases.WHEN)
        if not unread.has(r"\b(?:worst|top) (?:alerts?|alarms?)\b"):
            self._ranks()
        for intent, detail, pattern in phrases.INTENTS:
            if found := unread.take(pattern):
                if intent is Intent.NEAR:
                    self.signals = [s for s, words in _LIMITED.items() if re.search(words, found.group(0))]
                    soon = re.search(r"\b(?:when|soon|how long|eta)\b", unread.original)
                    intent = Intent.FORECAST if soon else intent
                return self._told(intent, detail, when)
        self._subjects()
        self.services = read_services(unread, self._known, phrases.VOCABULARY)
        return self._measured(when)

    def _why(self) -> tuple[Intent, str]:
        last = self._unread.takes(r"\b(?:last|latest|most recent) (?:incident|outage)\b")
        self._subjects()
        about = r"\b(?:incidents?|outages?|alerts?|deploy(?:s|ed|ment)?|releases?|changes?|(?:today|yesterday)'s|logs?|pods?|containers?)\b"
        if re.search(r"^\W*(?:does|did|do|was|were|is|are|has|have|could|can)\b", self._unread.original):
            # "Did the release cause it?" asks for a yes or a no; the cause alone would be another answer.
            about = r"\b(?:pods?|containers?)\b"
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
            while unread.takes(phrases.CLOSES):
                pass
        if intent in (Intent.SAFE, Intent.NEAR):
            self._subjects()
            self.order = None
            if intent is Intent.NEAR and not self.signals and unread.takes(r"\bpools?\b"):
                self.signals = ["pool-rate"]
            while unread.takes(
                r"\b(?:anything|something|new|version|changes?|release|left|full|limits?|its|pools?|how)\b"
            ):
                pass
        if intent in (Intent.ALERTS, Intent.NOISE):
            while unread.takes(phrases.FIRED) or (
                intent is Intent.NOISE and unread.takes(r"\b(?:alerts?|alarms?|often|most)\b")
            ):
                pass
        if intent is Intent.PLANS:
            while unread.takes(r"\b(?:repairs?|fix(?:es)?|plans?|remediations?|actions?|proposed|do|applied|apply)\b"):
                pass
            self.latest = unread.takes(r"\b(?:last|latest|most recent|newest)\b")
        if intent in (Intent.ALERTS, Intent.INCIDENTS):
            detail = detail or self._standing()
        if intent is Intent.INCIDENTS:
            unread.takes(r"\b(?:which|what)? ?(?:took|lasted)\b(?=.*\blongest\b)")
            detail = next((name for name, words in phrases.LENGTHS if unread.takes(words)), detail)
            while unread.takes(r"\b(?:most|fewest|least|over|bad|severe|serious|again|ago|counts?)\b"):
                pass
        if intent in (Intent.CHANGES, Intent.PLANS, Intent.INCIDENTS, Intent.LOGS):
            if unread.takes(r"\b(?:last|latest|most recent|newest)\b"):
                detail = detail if intent in (Intent.LOGS, Intent.PLANS) else "last"
            if intent is Intent.CHANGES and when:
                detail = "last"
        if intent is Intent.CHANGES:
            found = unread.take(phrases.VERSION)
            self.version = found.group(1) if found else ""
            if re.search(r"\b(?:who|whose|by whom|author)\b", unread.original):
                unread.takes(r"\b(?:who|whose|whom|authors?)\b")
                detail = detail or "who"
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
            unread.takes(
                r"\b(?:config(?:uration)?|settings?|versions?|images?|tags?|new|newest|latest|current|deployed|deployments?|runs?|replicas?|pods?|memory|cpu|limits?)\b"
            )
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
        if unread.takes(phrases.PEAK):
            self.summary = Summary.MAX
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
        if "pool" in self.signals:
            unread.takes(r"\b(?:open|opened|in use)\b")
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
            self.per_pod = True
        if self.signals == ["replicas"] and self.count:
            unread.takes(phrases.EVERYTHING)
            return Intent.DECLARED, "replicas"
        everything = unread.takes(phrases.EVERYTHING)
        jumped = unread.has(phrases.JUMP)
        moved = unread.takes(phrases.SPIKED) if self.signals else False
        fell = not moved and self.signals != [] and unread.takes(phrases.DROPPED)
        started = unread.takes(phrases.START)
        trend = unread.takes(phrases.TREND)
        if when and self.signals:
            return Intent.WHEN, "down" if fell else "up"
        if self.order is not None and self.signals and jumped and (moved or fell):
            return Intent.WHEN, "down" if fell else "up"
        if (self._limited and which) or (self.order is not None and self.signals):
            return Intent.RANK, ""
        well = unread.takes(phrases.HEALTH)
        if not self.signals and when and well:
            return Intent.WHEN, "up"
        if not self.signals and len(self.services) == 2 and unread.takes(r"\b(?:uses?|using|needs?|requires?)\b"):
            return Intent.CALLS, "callees"
        if not self.signals:
            short = set(re.findall(r"[a-z']+", unread.text)) <= _BARE
            return Intent.HEALTH, "all" if everything and well else "well" if well else "" if short else "vague"
        if (moved or fell) and re.search(r"^\W*(?:did|has|have|was|were)\b", unread.text):
            # "Has it gone down?" asks of a rise whether it is over.
            over = fell and not self.timed and re.search(r"^\W*(?:has|have)\b", unread.text) is not None
            return Intent.WHEN, "down" if fell and not over else "up"
        if set(self.signals) & {"oom", "restarts"}:
            return Intent.MEASURE, ""
        if re.search(r"\b(?:which|what) services?\b", unread.original) and (moved or "slow" in unread.original):
            return Intent.HEALTH, "signal"
        return self._well_or_how_much(well=well, started=started, moved=moved, fell=fell, trend=trend)

    def _well_or_how_much(
        self, *, well: bool, started: bool, moved: bool, fell: bool, trend: bool
    ) -> tuple[Intent, str]:
        """A signal was named: is it as usual, or what are its numbers?"""
        said = self._unread.original
        asks = (
            re.search(r"^\W*(?:(?:so|and|but|ok|hey|hi),? )*(?:is|are|does|do|has|have|did|was|were)\b", said)
            is not None
        )
        numbers = re.search(
            r"^\W*(?:(?:so|and|but|ok|hey|hi),? )*(?:what|how (?:much|many|high|low|big|often)|show|give|list|plot|graph)\b",
            said,
        )
        now = re.search(r"\b(?:is|are|does|do|has|have)\b", said) is not None
        steep = re.search(r"\b(?:high|low|elevated)\b", said) is not None and not re.search(
            r"\b(?:has|have|than|more)\b", said
        )
        if asks and now and steep and not self.count and not self._limited:
            return Intent.HEALTH, "signal"
        if (
            started
            or (well and not numbers)
            or (asks and now and not self.count and not moved and not fell and not self._limited)
        ):
            return Intent.HEALTH, "good" if re.search(phrases.GOOD, said) else "signal" if asks else "told"
        return Intent.MEASURE, "trend" if moved or fell or trend else ""
