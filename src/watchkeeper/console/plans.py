"""A plan as people see it: the diff, what policy said, and whether this visitor may decide."""

from watchkeeper.console.page import Visit
from watchkeeper.domain.remediation import AutoApproved, Denied
from watchkeeper.domain.severity import Role
from watchkeeper.estate.manifests import unified_diff
from watchkeeper.store.port import PlanRecord, PlanState


def shown_plan(visit: Visit, record: PlanRecord) -> dict[str, object]:
    """What the template `_plan.html` shows."""
    diff = [(line[:1], line) for edit in record.plan.edits for line in unified_diff(edit).splitlines()]
    undecided = record.state is PlanState.PROPOSED and not isinstance(record.verdict, Denied | AutoApproved)
    return {
        "plan": record.plan, "state": record.state, "verdict": _verdict(record), "because": record.verdict.because, "diff": diff,
        "facts": record.facts, "decide": visit.may(Role.APPROVER) and undecided, "waiting": undecided,
        "key": visit.key("decide", record.plan.id),
    }  # fmt: skip


def _verdict(record: PlanRecord) -> str:
    match record.verdict:
        case AutoApproved():
            return "agreed by policy"
        case Denied():
            return "denied by policy"
        case _:
            return "a person decides"
