"""Why it happened, with the evidence for each sentence."""

from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper.domain.evidence import Change, Missing, Origin, Signal


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One observation that a sentence can point at. `id` is unique within its diagnosis, such as `E3`."""

    id: str
    signal: Signal
    service: str
    statement: str
    """What was observed, in words with numbers; built by our code, telemetry text quoted."""
    origin: Origin
    source: str = ""
    query: str = ""
    """How to see it again."""
    metric: str = ""
    at: datetime | None = None
    before: float | None = None
    during: float | None = None
    unit: str = ""
    excerpt: str = ""
    """Untrusted text from telemetry: a template or a line, already redacted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one analyzer saw about one service."""

    analyzer: str
    kind: str
    """A name in `domain.faults.FAULTS`."""
    service: str
    indicator: str
    """A metric of the vocabulary that shows it, such as `cpu-rate`."""
    strength: float
    """0 to 1: how far out of the ordinary, comparable between analyzers."""
    summary: str
    evidence: tuple[EvidenceItem, ...]
    onset: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A candidate cause."""

    service: str
    kind: str
    indicator: str
    score: float
    """Orders hypotheses of one diagnosis; no unit."""
    confidence: float
    """Calibrated probability that this is the cause."""
    findings: tuple[Finding, ...]
    explains: tuple[str, ...] = ()
    """Services whose symptoms follow from this one."""

    @property
    def evidence(self) -> tuple[EvidenceItem, ...]:
        """Every item its findings rest on, each once."""
        return tuple({e.id: e for f in self.findings for e in f.evidence}.values())


@dataclass(frozen=True, slots=True)
class Sentence:
    """One claim. `cites` are evidence ids; a claim whose ids do not exist is dropped."""

    text: str
    cites: tuple[str, ...]
    author: str = "watchkeeper"
    """Or the model that worded it."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Ranked causes, worded. `abstained` is a result: inconclusive, and this is what could not be seen."""

    hypotheses: tuple[Hypothesis, ...]
    sentences: tuple[Sentence, ...]
    abstained: bool = False
    abstained_because: str = ""
    missing: tuple[Missing, ...] = ()
    changes: tuple[Change, ...] = ()
    """What was altered in the half hour before the onset and since, newest first: what an engineer looks at first."""
    model: str = "offline"
    evidence_digest: str = ""
    timings: dict[str, float] = field(default_factory=dict)
    """seconds per step, for the page that shows how long thinking took"""

    @property
    def cause(self) -> Hypothesis | None:
        """The first-ranked hypothesis, unless the diagnosis abstained."""
        return self.hypotheses[0] if self.hypotheses and not self.abstained else None

    @property
    def root_cause(self) -> str:
        """One line for a list or a card."""
        return " ".join(s.text for s in self.sentences[:1]) or "Inconclusive"

    @property
    def evidence(self) -> tuple[EvidenceItem, ...]:
        """Every item of every hypothesis, each once."""
        return tuple({e.id: e for h in self.hypotheses for e in h.evidence}.values())
