"""Pictures to be: the small part of the evidence that a person looks at beside a diagnosis. Kept with it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a line in a picture: a release, an edit."""

    at: float
    """unix seconds"""
    words: str


@dataclass(frozen=True, slots=True)
class SeriesExhibit:
    """A series around the onset with the range it usually keeps to."""

    cites: str
    """Evidence id the picture belongs to."""
    service: str
    metric: str
    unit: str
    times: tuple[float, ...]
    """unix seconds, ascending"""
    values: tuple[float | None, ...]
    """None: no data"""
    low: float
    high: float
    """5th and 95th percentile before the onset"""
    onset: float
    marks: tuple[Mark, ...] = ()
    kind: str = "series"


@dataclass(frozen=True, slots=True)
class LinesExhibit:
    """A log statement: how often it was written, and examples."""

    cites: str
    service: str
    template: str
    before: int
    during: int
    times: tuple[float, ...]
    """unix seconds of the begin of each count"""
    counts: tuple[int, ...]
    onset: float
    examples: tuple[str, ...]
    """Untrusted text, redacted."""
    kind: str = "lines"


@dataclass(frozen=True, slots=True)
class SpanBar:
    """One span of a waterfall. `start` and `length` in milliseconds from the begin of the trace."""

    service: str
    operation: str
    start: float
    length: float
    depth: int
    error: bool


@dataclass(frozen=True, slots=True)
class TraceExhibit:
    """One slow or failing request, span by span, in order of start."""

    cites: str
    trace_id: str
    blamed: str
    """The service whose bars are the point."""
    spans: tuple[SpanBar, ...]
    left_out: int = 0
    kind: str = "trace"


@dataclass(frozen=True, slots=True)
class Place:
    """A service on the map. `role`: cause, suspect, affected, alerting or calm."""

    service: str
    role: str
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class MapExhibit:
    """Who calls whom around the cause, and where the blame lies."""

    places: tuple[Place, ...]
    calls: tuple[tuple[str, str], ...]
    """(caller, callee)"""
    left_out: int = 0
    kind: str = "map"


Exhibit = SeriesExhibit | LinesExhibit | TraceExhibit | MapExhibit
