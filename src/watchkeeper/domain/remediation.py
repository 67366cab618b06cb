"""What to do about it: plans that bind to a digest, verdicts, approvals, outcomes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from watchkeeper.domain.severity import Role, Severity
from watchkeeper.domain.topology import Workload


class Risk(StrEnum):
    """From rules, never from a model's confidence."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file of the manifests repository, before and after. `before` guards against a base that moved."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What the edit means on the live object, such as `spec.replicas`: 2 -> 3. Values are JSON."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold. `kind` is a name the executor knows, `arguments` its typed parameters."""

    kind: str
    arguments: Mapping[str, Any]
    words: str


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What the plan touches, computed by rules."""

    workloads: tuple[str, ...]
    pods: int
    callers: tuple[str, ...]
    """services that call the target and may notice"""
    words: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a plan changes on the bill, by the prices of the settings. `monthly` may be negative."""

    monthly: float
    words: str


@dataclass(frozen=True, slots=True)
class Plan:
    """An action of the catalogue with typed arguments, rendered by our code. Immutable: a change is a new plan."""

    id: str
    incident_id: str
    action: str
    target: Workload
    environment: str
    severity: Severity
    arguments: Mapping[str, Any]
    because: str
    evidence_ids: tuple[str, ...]
    evidence_digest: str
    confidence: float
    independent_signals: int
    """How many independent kinds of signal support the diagnosis …"""
    trusted_signals: int
    """… and how many of them a workload cannot forge."""
    repository: str
    base_branch: str
    edits: tuple[FileEdit, ...]
    fields: tuple[FieldChange, ...]
    blast_radius: BlastRadius
    risk: Risk
    reversible: bool
    checks_before: tuple[Check, ...]
    checks_after: tuple[Check, ...]
    undo: tuple[FileEdit, ...]
    undo_words: str
    manual_commands: tuple[str, ...]
    """For a person, should we not be able to finish: text to read, never executed by us."""
    created_at: datetime
    expires_at: datetime
    digest: str = ""
    route: str = ""
    """How it reaches the cluster: "" a pull request on the configured host, "direct" server-side apply."""
    cost: Cost | None = None
    lasts_until: datetime | None = None
    """A mitigation that proposes its own removal then; None: it is meant to stay."""
    suggestion: tuple[str, ...] = ()
    """Why nobody but a person can carry it out; empty: we can."""
    script: str = ""
    """The same by hand, as a shell script for people: text to read, never executed by us."""

    def sealed(self) -> "Plan":
        """The same plan with its digest: SHA-256 over everything but the digest itself.

        Fields that joined later count only where they say something, so that plans of earlier versions still fit.
        """
        content = asdict(replace(self, digest=""))
        for name, default in _JOINED_LATER.items():
            if getattr(self, name) == default:
                del content[name]
        text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
        return replace(self, digest=hashlib.sha256(text.encode()).hexdigest())

    @property
    def intact(self) -> bool:
        """Does the digest still fit the content?"""
        return self.digest != "" and self.sealed().digest == self.digest


_JOINED_LATER: Mapping[str, Any] = {
    f.name: f.default for f in fields(Plan) if f.default is not MISSING and f.name != "digest"
}


@dataclass(frozen=True, slots=True)
class AutoApproved:
    """Policy lets this run without a person."""

    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeedsApproval:
    """A person with `role` must agree."""

    because: tuple[str, ...]
    role: Role = Role.APPROVER
    people: int = 1
    """How many different people must agree."""


@dataclass(frozen=True, slots=True)
class Denied:
    """Not now, not by anybody: the plan stays a suggestion."""

    because: tuple[str, ...]


Verdict = AutoApproved | NeedsApproval | Denied


class Decision(StrEnum):
    """What a person said."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's (or the policy's) word on exactly one digest."""

    plan_id: str
    plan_digest: str
    decision: Decision
    by: str
    role: Role
    door: str
    """api, cli, console, slack, teams, policy"""
    at: datetime
    reason: str = ""
    person: str = ""
    """The person behind `by` at that door, where they are linked; "" for the unlinked."""


class RecoveryState(StrEnum):
    """What positive evidence says after a change."""

    RECOVERED = "recovered"
    NOT_YET = "not_yet"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Recovery:
    """The verdict of verification with its reasons; `measurements` holds numbers by check name."""

    state: RecoveryState
    because: tuple[str, ...]
    measurements: Mapping[str, float | None] = field(default_factory=dict)
