"""One incident: what happened, why, what is planned, and how it went."""

from watchkeeper.access.tokens import Access, Principal
from watchkeeper.console.render import render
from watchkeeper.domain.remediation import AutoApproved, Denied
from watchkeeper.domain.severity import Role
from watchkeeper.estate.manifests import unified_diff
from watchkeeper.store.port import PlanRecord, PlanState
from watchkeeper.workflows.house import House


async def page(house: House, access: Access, principal: Principal, incident_id: str) -> str:
    """Raises NotFound."""
    async with house.store.transaction() as tx:
        incident = await tx.incident(incident_id)
        diagnosis, plans = await tx.diagnosis(incident_id), await tx.plans_of(incident_id)
        alerts, timeline = await tx.alerts_of(incident_id), await tx.events(incident_id)
    may = principal.role.covers(Role.APPROVER)
    return render(
        "incident.html", title=incident.title, principal=principal, incident=incident, diagnosis=diagnosis, alerts=alerts,
        timeline=timeline, plans=[_plan(r, access, principal, may) for r in plans],
    )  # fmt: skip


def _plan(record: PlanRecord, access: Access, principal: Principal, may: bool) -> dict[str, object]:
    diff = [(line[:1], line) for edit in record.plan.edits for line in unified_diff(edit).splitlines()]
    verdict = (
        "agreed by policy"
        if isinstance(record.verdict, AutoApproved)
        else "denied by policy"
        if isinstance(record.verdict, Denied)
        else "a person decides"
    )
    open_ = record.state is PlanState.PROPOSED and not isinstance(record.verdict, Denied | AutoApproved)
    return {
        "plan": record.plan, "state": record.state, "verdict": verdict, "because": record.verdict.because, "diff": diff,
        "facts": record.facts, "decide": may and open_, "key": access.form_key(principal, record.plan.id),
    }  # fmt: skip
