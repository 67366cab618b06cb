"""What is remembered of incidents that are over, and what people wrote down: runbooks and post-mortems."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Symptom:
    """One measured oddity. `role`: where it was, seen from the service that hurt (see `recall.portrait`)."""

    role: str
    metric: str
    direction: str
    """up, down, or "" where no number was compared"""
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Told:
    """A log statement or an event's message that stood out; untrusted, redacted. `weight`: belief in the cause it speaks for."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Situation:
    """What an incident looked like before anybody knew how it would end: the key by which it is found again."""

    title: str
    service: str
    """where it hurt"""
    alerts: tuple[str, ...] = ()
    kinds: Mapping[str, float] = field(default_factory=dict)
    """fault kinds that were considered, with their share of belief"""
    symptoms: tuple[Symptom, ...] = ()
    texts: tuple[Told, ...] = ()
    services: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    """of the first-ranked service: its place in the call graph"""
    changes: tuple[str, ...] = ()
    """kinds of what was altered shortly before"""


@dataclass(frozen=True, slots=True)
class Tried:
    """A repair and what came of it: a plan's final state, such as succeeded, undone, failed, rejected."""

    action: str
    target: str
    outcome: str
    words: str = ""

    @property
    def worked(self) -> bool:
        """Was recovery proven after it?"""
        return self.outcome == "succeeded"


@dataclass(frozen=True, slots=True)
class PastIncident:
    """An incident that is over."""

    id: str
    situation: Situation
    began: datetime
    ended: datetime
    severity: str
    environment: str
    cause_service: str
    cause_kind: str
    root_cause: str
    tried: tuple[Tried, ...] = ()
    ending: str = ""
    """how it ended, in the words of the timeline"""


@dataclass(frozen=True, slots=True)
class Vector:
    """An embedding: of what, made by whom, as little-endian float32."""

    subject: str
    embedder: str
    seq: int
    """grows with every write: what came after a number is news"""
    data: bytes


@dataclass(frozen=True, slots=True)
class Article:
    """A runbook or post-mortem in Markdown. Its text is shown to people, never run, its links are never fetched."""

    key: str
    """path below its folder, without the ending"""
    kind: str
    """runbook or post-mortem"""
    title: str
    text: str
    alertnames: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    url: str = ""
    """a `runbook_url` that leads here"""
    digest: str = ""
    """of the file: unchanged files are not written again"""
