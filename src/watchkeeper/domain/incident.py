"""An incident: a row with a stage, moved forward one idempotent step at a time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.domain.severity import Severity


class Stage(StrEnum):
    """Where an incident stands."""

    OPENED = "opened"
    DIAGNOSED = "diagnosed"
    PROPOSED = "proposed"
    AWAITING_APPROVAL = "awaiting_approval"
    APPLYING = "applying"
    VERIFYING = "verifying"
    ROLLING_BACK = "rolling_back"
    RESOLVED = "resolved"
    ROLLED_BACK = "rolled_back"
    ESCALATED = "escalated"

    @property
    def open(self) -> bool:
        """Is anybody, machine or person, still expected to do something?"""
        return self is not Stage.RESOLVED

    @property
    def working(self) -> bool:
        """Does the machine owe the next step? (The sweep enqueues these.)"""
        return self in _WORKING

    @property
    def carried_out(self) -> bool:
        """Does its step need credentials that may write to repositories or clusters?"""
        return self in CARRIED_OUT


_WORKING = frozenset(Stage) - {Stage.RESOLVED, Stage.ROLLED_BACK, Stage.ESCALATED}
CARRIED_OUT = frozenset({Stage.APPLYING, Stage.VERIFYING, Stage.ROLLING_BACK})


@dataclass(frozen=True, slots=True)
class Incident:
    """The head of the row; plans, events and diagnoses are kept beside it."""

    id: str
    title: str
    stage: Stage
    severity: Severity
    environment: str
    namespace: str
    service: str
    """Where it hurts: what the alert named."""
    opened_at: datetime
    onset: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    root_cause: str = ""
    cause_service: str = ""
    cause_kind: str = ""
    confidence: float | None = None
    because: str = ""
    """Why its alerts were put together, in words."""
    attempt: int = 0
    """How many plans were carried out."""
    version: int = 0
    """Grows with each change; a step writes only over the version it read."""


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One line of the timeline; also what the live feed carries."""

    id: int
    incident_id: str
    at: datetime
    kind: str
    """A name in `domain.events.EVENT_KINDS`."""
    text: str
    data: dict[str, object]
