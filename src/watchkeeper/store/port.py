"""What is remembered, and in what units of work. `store.postgres.PostgresStore` implements it.

Every step of a story is one `transaction`: it commits its result and the next job together, or nothing.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.evidence import Change
from watchkeeper.domain.incident import Incident, IncidentEvent, Stage
from watchkeeper.domain.remediation import Approval, Plan, Verdict
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.domain.topology import Topology
from watchkeeper.store.ports.chat import ChatRecords
from watchkeeper.store.ports.conversation import ConversationRecords
from watchkeeper.store.ports.deliveries import DeliveryRecords
from watchkeeper.store.ports.exhibits import ExhibitRecords
from watchkeeper.store.ports.intake import IntakeRecords
from watchkeeper.store.ports.logins import LoginRecords
from watchkeeper.store.ports.memory import MemoryRecords
from watchkeeper.store.ports.models import ModelRecords
from watchkeeper.store.ports.moving import MovingRecords
from watchkeeper.store.ports.muting import MutingRecords
from watchkeeper.store.ports.overview import OverviewRecords
from watchkeeper.store.ports.people import PeopleRecords
from watchkeeper.store.ports.periodic import PeriodicRecords
from watchkeeper.store.ports.pipelines import PipelineRecords
from watchkeeper.store.ports.standing import StandingRecords
from watchkeeper.store.ports.upkeep import UpkeepRecords
from watchkeeper.store.ports.watching import WatchRecords

T = TypeVar("T")


class PlanState(StrEnum):
    """Where a plan stands. The last five are final."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    SUCCEEDED = "succeeded"
    UNDONE = "undone"
    REJECTED = "rejected"
    VOID = "void"
    FAILED = "failed"

    @property
    def active(self) -> bool:
        """Does it occupy its target?"""
        return self in (PlanState.PROPOSED, PlanState.APPROVED, PlanState.APPLYING, PlanState.APPLIED)


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """A plan, what policy said, and how far it got. `facts` is JSON: pull_request, head_sha, merged_at, …"""

    plan: Plan
    verdict: Verdict
    state: PlanState
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert with the incident it belongs to and why."""

    alert: Alert
    incident_id: str
    because: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the hash chain."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list; `cursor` asks for the next part, "" at the end."""

    items: tuple[T, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class StoredToken:
    """An API token; its secret is only known as a hash."""

    id: str
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime | None
    revoked: bool = False


class Transaction(
    ChatRecords,
    ConversationRecords,
    DeliveryRecords,
    ModelRecords,
    ExhibitRecords,
    MemoryRecords,
    IntakeRecords,
    LoginRecords,
    MovingRecords,
    MutingRecords,
    OverviewRecords,
    PeopleRecords,
    PeriodicRecords,
    PipelineRecords,
    StandingRecords,
    UpkeepRecords,
    WatchRecords,
    Protocol,
):
    """One unit of work. Committed when its block ends without an error. Further topics: `store.ports`."""

    async def lock(self, key: str) -> None:
        """An advisory lock until the end of the transaction."""
        ...

    async def add_alert(self, alert: Alert, incident_id: str, because: str) -> bool:
        """Keep an alert; False where the same delivery (Alert.key) was kept before."""
        ...

    async def known_alert(self, alert: Alert) -> StoredAlert | None:
        """The stored alert with the same key."""
        ...

    async def alerts_of(self, incident_id: str) -> list[StoredAlert]:
        """The incident's alerts, each fingerprint's newest delivery, by start."""
        ...

    async def first_alerts_of(self, incident_id: str, limit: int) -> tuple[list[StoredAlert], int]:
        """The incident's first alerts, each fingerprint's newest delivery, by start; and how many there are."""
        ...

    async def last_events_of(self, incident_id: str, limit: int) -> tuple[list[IncidentEvent], int]:
        """The end of its timeline, oldest first; and how many lines there are."""
        ...

    async def open_incidents(self) -> list[Incident]:
        """Every incident that is not resolved, newest first."""
        ...

    async def create_incident(self, incident: Incident) -> None:
        """A new row."""
        ...

    async def incident(self, incident_id: str, *, lock: bool = False) -> Incident:
        """Raises NotFound. `lock` holds the row until the end."""
        ...

    async def save_incident(self, incident: Incident) -> Incident:
        """Write over the version it was read at, and return it with the next; Conflict if somebody was faster."""
        ...

    async def add_event(
        self, incident_id: str, kind: str, text: str, at: datetime, data: Mapping[str, Any] | None = None
    ) -> IncidentEvent:
        """A line of the timeline; told to the live feed on commit. `text` and `data` are redacted before storing."""
        ...

    async def events(self, incident_id: str, after: int = 0) -> list[IncidentEvent]:
        """The timeline, oldest first."""
        ...

    async def save_diagnosis(self, incident_id: str, diagnosis: Diagnosis, at: datetime) -> None:
        """Keep it as the newest."""
        ...

    async def diagnosis(self, incident_id: str) -> Diagnosis | None:
        """The newest."""
        ...

    async def save_plan(self, plan: Plan, verdict: Verdict) -> None:
        """A new plan in state proposed."""
        ...

    async def plan(self, plan_id: str) -> PlanRecord:
        """Raises NotFound."""
        ...

    async def plans_of(self, incident_id: str) -> list[PlanRecord]:
        """Newest first."""
        ...

    async def proposed_for(self, incident_ids: Sequence[str]) -> dict[str, PlanRecord]:
        """incident -> its newest plan that waits for a word; those without one are absent."""
        ...

    async def plans_on(self, target: str, since: datetime) -> list[PlanRecord]:
        """Plans whose `str(plan.target)` is `target`, made at or after `since`, newest first."""
        ...

    async def expired_mitigations(self, at: datetime) -> list[PlanRecord]:
        """Plans that succeeded, were not to last beyond `at`, and whose removal was not spoken of yet."""
        ...

    async def set_plan(self, plan_id: str, state: PlanState, facts: Mapping[str, Any] | None = None) -> PlanRecord:
        """Change the state and merge facts."""
        ...

    async def add_approval(self, approval: Approval) -> Approval:
        """Keep a decision; where the same person decided the plan before, that decision is kept and returned."""
        ...

    async def approvals_of(self, plan_id: str) -> list[Approval]:
        """One a person, oldest first."""
        ...

    async def add_change(self, change: Change) -> bool:
        """Keep a reported change; False where its id is known."""
        ...

    async def changes(self, start: datetime, end: datetime) -> list[Change]:
        """Reported changes in [start, end], oldest first."""
        ...

    async def remember_calls(self, topology: Topology, at: datetime) -> None:
        """Note who was seen calling whom."""
        ...

    async def known_calls(self) -> Topology:
        """The call graph as last seen."""
        ...

    async def audit(self, actor: str, action: str, subject: str, details: Mapping[str, Any], at: datetime) -> None:
        """Append to the chain; details are redacted before."""
        ...

    async def quarantine(self, door: str, body: bytes, problem: str, at: datetime) -> None:
        """Keep a body that could not be read: redacted, cut at 64 KiB, seven days."""
        ...

    async def defer_step(self, incident_id: str, at: datetime | None = None) -> None:
        """Enqueue the incident's next step in this same transaction; `at`: not before."""
        ...

    async def save_token(self, token: StoredToken, secret_hash: str) -> None:
        """A new token."""
        ...

    async def token(self, secret_hash: str) -> StoredToken | None:
        """By the hash of its secret."""
        ...

    async def flag(self, name: str) -> str:
        """A switch such as `kill_switch`; "" when unset."""
        ...

    async def set_flag(self, name: str, value: str) -> None:
        """Set a switch."""
        ...


class Store(Protocol):
    """The database."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A unit of work. Raises StoreUnavailable where the database does not answer."""
        ...

    async def list_incidents(
        self, *, cursor: str = "", limit: int = 50, stage: Stage | None = None, severity: Severity | None = None
    ) -> Page[Incident]:
        """Newest first."""
        ...

    async def list_alerts(self, *, cursor: str = "", limit: int = 50, incident_id: str = "") -> Page[StoredAlert]:
        """Newest first."""
        ...

    async def list_audit(self, *, after: int = 0, limit: int = 200) -> Page[AuditEntry]:
        """Oldest first."""
        ...

    async def last_audit(self) -> int:
        """The number of the newest line; 0 where there is none."""
        ...

    async def verify_audit(self) -> tuple[bool, str]:
        """Recompute the chain: (whole?, words)."""
        ...

    async def list_quarantine(self, *, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """Newest first: at, door, problem, body."""
        ...

    async def list_tokens(self) -> list[StoredToken]:
        """All, newest first."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """Open incidents by stage."""
        ...

    async def metrics(self) -> Mapping[str, float]:
        """Totals for /metrics that every replica must agree on, by name."""
        ...

    def listen(self, began: Callable[[], None] = ...) -> AsyncIterator[IncidentEvent]:
        """Timeline events as they are committed, from every process.

        `began` is called whenever nothing is missed from then on: at the start, and again after a lost connection.
        """
        ...

    async def healthy(self) -> bool:
        """Does it answer?"""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
