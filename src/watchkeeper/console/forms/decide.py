"""Approve or reject a plan, as it was shown."""

from collections.abc import Mapping

from watchkeeper.console.page import Form, Visit
from watchkeeper.domain.remediation import Decision
from watchkeeper.domain.severity import Role
from watchkeeper.workflows.decide import decide


async def _act(visit: Visit, subject: str, form: Mapping[str, str]) -> str:
    decision = Decision.APPROVED if form.get("word") == "approve" else Decision.REJECTED
    record = await decide(
        visit.house, subject, digest=form.get("digest", ""), decision=decision, by=visit.principal.name,
        role=visit.principal.role, door="console", reason=form.get("reason", ""),
    )  # fmt: skip
    return f"/incidents/{record.plan.incident_id}#plan"


FORM = Form(Role.APPROVER, _act)
