"""What the alerts of an open incident amount to: enough to admit the next one, small enough to be read at each delivery."""

from dataclasses import dataclass
from datetime import datetime

from watchkeeper.domain.severity import Severity

MOST_PROBLEMS = 200
"""Further problems of one incident are counted, not kept."""


def key_of(name: str, service: str) -> str:
    """How corrections name a problem: what it is and where, whatever the replica."""
    return f"{name}@{service}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: an alert without what changes between replicas and restarts."""

    fingerprint: str
    name: str
    service: str
    namespace: str
    severity: Severity
    first_at: datetime
    last_at: datetime
    labels: tuple[tuple[str, str], ...]
    """what its fingerprint is made of"""
    text: str

    @property
    def key(self) -> str:
        """As corrections name it."""
        return key_of(self.name, self.service)


@dataclass(frozen=True, slots=True)
class Situation:
    """An open incident as grouping sees it."""

    incident_id: str
    problems: tuple[Problem, ...]
    alerts: int
    """different alerts so far, replicas counted apart"""
    worst: Severity
    thought_alerts: int
    """alerts there were when thinking last began"""
    thought_worst: Severity
    thought_at: datetime
    accepts_more: bool = True
    """False once its repair is under way: then only its own alerts join, and what the scanner sees of `repaired`."""
    version: int = 0
    repaired: tuple[str, ...] = ()
    """Services that the repair under way touches or that may notice it; empty while there is none."""

    @property
    def onset(self) -> datetime:
        """The first start of any problem."""
        return min(p.first_at for p in self.problems)

    @property
    def last_at(self) -> datetime:
        """The newest start of any problem."""
        return max(p.last_at for p in self.problems)

    @property
    def services(self) -> frozenset[str]:
        """Where it hurts."""
        return frozenset(p.service for p in self.problems) - {""}

    @property
    def keys(self) -> frozenset[str]:
        """As corrections name its problems."""
        return frozenset(p.key for p in self.problems)


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert of a sender as it stands: firing or not, since when, how often it changed."""

    source: str
    fingerprint: str
    firing: bool
    starts_at: datetime
    incident_id: str
    incident_open: bool
    severity: Severity
    content: str
    """digest of labels and values: another one means that the situation changed"""
    seen_at: datetime
    changed: tuple[datetime, ...] = ()
    """when it went from firing to resolved or back, newest last"""

    def changes_since(self, at: datetime) -> int:
        """How often it went on or off since then."""
        return sum(1 for moment in self.changed if moment >= at)


StandingKey = tuple[str, str]
"""(source, fingerprint)"""
