"""What we would have done beside what people did, and who may act alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Shadow:
    """A plan as it stood when it was made, with the target as it was then. `plan_id` "" where we abstained."""

    incident_id: str
    plan_id: str
    action: str
    namespace: str
    target: str
    planned_at: datetime
    snapshot: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """How it turned out. `word`: a name of `remediate.shadow.Word`."""

    incident_id: str
    plan_id: str
    action: str
    namespace: str
    word: str
    because: str
    minutes: float
    at: datetime


class StandingRecords(Protocol):
    """The scorecard's rows."""

    async def save_shadow(self, shadow: Shadow) -> None:
        """The newest of an incident replaces the one before."""
        ...

    async def open_shadows(self) -> list[tuple[Shadow, datetime]]:
        """Those whose incident is resolved, with the time it was; each until its outcome is kept."""
        ...

    async def add_outcome(self, outcome: OutcomeRecord) -> bool:
        """Keep it and end its shadow; False where the plan's outcome is known."""
        ...

    async def outcomes(self, action: str = "", namespace: str = "") -> list[OutcomeRecord]:
        """Oldest first; empty words mean all."""
        ...

    async def grant(self, action: str, namespace: str, by: str, at: datetime) -> None:
        """An admin's word that the action may act alone there."""
        ...

    async def revoke(self, action: str, namespace: str) -> None:
        """Taken back."""
        ...

    async def grants(self) -> Mapping[tuple[str, str], datetime]:
        """(action, namespace) -> when it was given."""
        ...

    async def automatic_cost(self, namespace: str, since: datetime) -> float:
        """What plans that ran without a person added to the namespace's monthly bill."""
        ...
