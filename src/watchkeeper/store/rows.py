"""Database rows to domain values."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from watchkeeper.domain.alert import Alert
from watchkeeper.domain.evidence import Change
from watchkeeper.domain.incident import Incident, IncidentEvent, Stage
from watchkeeper.domain.remediation import Approval, Decision
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.store.codec import plan_from_json, verdict_from_json
from watchkeeper.store.port import AuditEntry, PlanRecord, PlanState, StoredAlert, StoredToken

Row = Mapping[str, Any]
ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
CHANGE: TypeAdapter[Change] = TypeAdapter(Change)


def incident(row: Row) -> Incident:
    """A row of incidents."""
    return Incident(**{**row, "stage": Stage(row["stage"]), "severity": Severity(row["severity"])})


def stored_alert(row: Row) -> StoredAlert:
    """A row of alerts."""
    return StoredAlert(ALERT.validate_python(row["body"]), row["incident_id"], row["because"])


def event(row: Row) -> IncidentEvent:
    """A row of events."""
    return IncidentEvent(row["id"], row["incident_id"], row["at"], row["kind"], row["text"], row["data"])


def plan_record(row: Row) -> PlanRecord:
    """A row of plans."""
    return PlanRecord(
        plan_from_json(row["body"]), verdict_from_json(row["verdict"]), PlanState(row["state"]), row["facts"]
    )


def approval(row: Row) -> Approval:
    """A row of approvals."""
    return Approval(
        row["plan_id"], row["plan_digest"], Decision(row["decision"]), row["by_whom"], Role(row["role"]),
        row["door"], row["at"], row["reason"], row["person"],
    )  # fmt: skip


def change(row: Row) -> Change:
    """A row of changes."""
    return CHANGE.validate_python(row["body"])


def audit_entry(row: Row, details: Any) -> AuditEntry:
    """A row of audit."""
    return AuditEntry(
        row["seq"], row["at"], row["actor"], row["action"], row["subject"], details, row["previous"], row["digest"]
    )


def token(row: Row) -> StoredToken:
    """A row of tokens."""
    return StoredToken(row["id"], row["name"], Role(row["role"]), row["created_at"], row["expires_at"], row["revoked"])
