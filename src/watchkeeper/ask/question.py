"""What somebody asked, typed. Whatever door the words came through, they end here."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Intent(StrEnum):
    """What kind of answer is wanted."""

    MEASURE = "measure"  # numbers of a signal
    RANK = "rank"  # which services have the most or the least of it
    HEALTH = "health"  # is it well, now against usual
    WHY = "why"  # the cause of something, in its card's form
    WHEN = "when"  # since when is a signal unusual
    INCIDENTS = "incidents"
    ALERTS = "alerts"
    CHANGES = "changes"  # releases, edits, manual work
    LOGS = "logs"
    PODS = "pods"  # pods, replicas, restarts as the cluster tells them
    DECLARED = "declared"  # image, limits, pool size, node
    CALLS = "calls"  # who calls whom
    PLANS = "plans"  # repairs: waiting, done, of an incident or a service, by whom
    UNUSUAL = "unusual"
    NEAR = "near"  # what is close to its limit now
    SAFE = "safe"  # what speaks against a change now
    NOISE = "noise"  # which alerts come often and mean little
    FORECAST = "forecast"  # which limit will be reached
    TRACES = "traces"
    BUILDS = "builds"  # runs of pipelines
    SERVICES = "services"
    RECALL = "recall"  # past incidents that looked alike, runbooks
    HELP = "help"


class Order(StrEnum):
    """Which end of a ranking."""

    MOST = "most"
    LEAST = "least"


class Summary(StrEnum):
    """One number for a span of time."""

    NOW = "now"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Span:
    """Time that is asked about, aware. `moment` is set where one instant was named; start and end lie around it."""

    start: datetime
    end: datetime
    words: str
    """Such as "the last hour" or "14:00"; for the answer."""
    moment: datetime | None = None
    named: bool = True
    """False: nothing was said, this is the default."""

    def within(self, default: str = "the last hour", lead: str = "in") -> str:
        """As the end of a sentence: "in the last hour", "today", "around 14:00", "since 12:00"; `default` for now or nothing said."""
        words = self.words if self.named and self.words != "now" else default
        if words.startswith(("today", "yesterday", "this ", "last ", "since ")):
            return words
        if self.moment is not None and words == self.words:
            return f"around {words}"
        if re.match(r"\d{4}-|(?:mon|tues|wednes|thurs|fri|satur|sun)day", words, re.IGNORECASE):
            return f"on {words}"
        if re.match(r"\d\d:\d\d", words):
            return f"from {words}"
        if words.startswith("inc"):
            return f"during {words}"
        return f"{lead} {words}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Only what is above or below `value`, in the signal's unit."""

    above: bool
    value: float
    unit: str
    """As said: %, ms, s, MiB, cores, /s; "" where none was said."""


class Anchored(StrEnum):
    """Where a span lies beside what it hangs on."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    BOTH = "both"  # after, compared with before


@dataclass(frozen=True, slots=True)
class Anchor:
    """A time that only the records know: "during the incident", "since cart's last release"."""

    side: Anchored
    of: str
    """incident or release"""
    service: str = ""
    incident: str = ""
    """The id, where one was named."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the running system. Empty tuples and strings mean "all" or "not said"."""

    intent: Intent
    span: Span
    signals: tuple[str, ...] = ()
    """Names of `ask.signals.SIGNALS`."""
    services: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    environment: str = ""
    namespace: str = ""
    summary: Summary | None = None
    order: Order | None = None
    top: int = 0
    threshold: Threshold | None = None
    per_pod: bool = False
    versus: Span | None = None
    """The time it is compared with."""
    incident: str = ""
    search: str = ""
    """Text to find in log lines."""
    detail: str = ""
    """Which side of an intent: callers, callees, open, last, image, node, waiting, restarts, …"""
    count: bool = False
    """How many, rather than which."""
    half_days: bool = False
    """The asker writes 2 PM, not 14:00; so does the answer."""
    anchor: Anchor | None = None
    """Replaces `span` once the records were looked at."""
    minutely: bool = False
    """Rates are asked for by the minute."""
    latest: bool = False
    """Only the newest repair."""
    severities: tuple[str, ...] = ()
    alert: str = ""
    """An alert's name."""
    read_as: tuple[tuple[str, str], ...] = ()
    """(as written, as read): slips of the hand that were mended."""


class Verb(StrEnum):
    """What a person may tell Watchkeeper to do in words."""

    APPROVE = "approve"
    REJECT = "reject"
    SILENCE = "silence"
    REAL = "real"
    NOISE = "noise"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Command:
    """An order. Words alone never approve: the door asks for the digest or a button that was shown with the plan."""

    verb: Verb
    subject: str
    """A plan's or an incident's id; "" where none was named."""
    reason: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Unclear:
    """Not understood, and why. Better than a guess."""

    because: str
    nearest: tuple[str, ...] = ()
    """Questions close to it that can be answered."""
    model_may_read: bool = False
    """Only words were not known: what was refused for its meaning stays refused."""


@dataclass(frozen=True, slots=True)
class Known:
    """What names may mean here."""

    services: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    environments: tuple[str, ...] = ("production",)
    aliases: dict[str, str] = field(default_factory=dict)
    """Another name -> the service."""
    alerts: tuple[str, ...] = ()
    """Names of alerts that were received."""


Parsed = Question | Command | Unclear
