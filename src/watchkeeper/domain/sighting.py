"""What the scanner saw of one service: signals that departed from their usual, or a limit that will be reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

SOURCE = "watchkeeper"
"""The source of alerts that come from sightings."""


class SightingKind(StrEnum):
    """Why it was noted."""

    DEPARTURE = "departure"  # signals left their usual range
    LIMIT = "limit"  # a hard limit will be reached


@dataclass(frozen=True, slots=True)
class Departure:
    """One signal of the sighting. Times are unix seconds, values in the metric's own unit."""

    metric: str
    began: float
    usual: float
    """median of the hour before"""
    value: float
    """median of the last samples"""
    size: float = 1.0
    """in margins that matter (`detect.vitals`)"""

    @property
    def words(self) -> str:
        """Such as `latency-95 0.8 (usual 0.2)`."""
        return f"{self.metric} {self.value:.4g} (usual {self.usual:.4g})"


@dataclass(frozen=True, slots=True)
class Crossing:
    """A limit that will be reached, with the range that is meant to hold four times of five. Unix seconds."""

    metric: str
    limit: float
    value: float
    earliest: float
    expected: float
    latest: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """One episode. It keeps its `began` while it goes on, so that it is told once."""

    service: str
    namespace: str
    kind: SightingKind
    began: float
    last: float
    departures: Mapping[str, Departure] = field(default_factory=dict)
    """metric -> what it did"""
    crossing: Crossing | None = None
    opens: bool = False
    """May it open an incident?"""
    because: str = ""
    """Why it may, or may not."""
    severe: bool = False
    """A hard limit is about to be reached: the one thing worth waking somebody for."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Sighting":
        """From what `dataclasses.asdict` made, by way of JSON."""
        rest = {k: v for k, v in body.items() if k not in ("kind", "departures", "crossing")}
        departures = {metric: Departure(**d) for metric, d in body["departures"].items()}
        crossing = Crossing(**body["crossing"]) if body["crossing"] else None
        return cls(**rest, kind=SightingKind(body["kind"]), departures=departures, crossing=crossing)

    @property
    def fingerprint(self) -> str:
        """The same for the whole episode and for every worker that sees it."""
        what = self.crossing.metric if self.crossing else "departure"
        return f"{self.namespace}/{self.service}/{what}/{self.began:.0f}"

    @property
    def words(self) -> str:
        """One sentence for people."""
        if self.crossing is not None:
            c, minutes = self.crossing, (self.crossing.expected - self.last) / 60
            return (
                f"{c.metric} of {self.service} is {c.value:.4g} and will reach {c.limit:g} in about {minutes:.0f} minutes "
                f"(between {(c.earliest - self.last) / 60:.0f} and {(c.latest - self.last) / 60:.0f})"
            )
        told = ", ".join(d.words for _, d in sorted(self.departures.items()))
        return f"{self.service} departs from its usual: {told}"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person said of a sighting."""

    subject: str
    """the incident's id or the sighting's fingerprint"""
    service: str
    real: bool
    """False: noise"""
    by: str
    at: datetime
    words: str = ""
