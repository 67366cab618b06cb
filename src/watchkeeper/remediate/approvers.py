"""Who may agree to a plan: a person, known as one, with the role today, for this cluster, namespace and team. Pure."""

from collections.abc import Mapping, Sequence

from watchkeeper.domain.people import Person, PersonKind
from watchkeeper.domain.remediation import Approval, NeedsApproval, Plan, Verdict
from watchkeeper.domain.severity import Role
from watchkeeper.settings import ApproverScope, RemediationSettings


def refuse_approver(
    person: Person | None, role: Role, plan: Plan, verdict: Verdict, settings: RemediationSettings, team: str = ""
) -> str:
    """Why this caller's word does not count, "" where it does. `person`: None where the name at the door is not linked."""
    needed = verdict.role if isinstance(verdict, NeedsApproval) else Role.APPROVER
    two = isinstance(verdict, NeedsApproval) and verdict.people > 1
    if person is None:
        if two or settings.linked_people_only or settings.approvers:
            return "this name is not linked to a person (`watchkeeper people link`), and only people count here"
        return "" if role.covers(needed) else f"this plan needs the role {needed}"
    if person.kind is not PersonKind.HUMAN:
        return f"{person.name} is a {person.kind}, not a person who can agree"
    if not person.active:
        return f"{person.name} is not active any more"
    if not (person.role.covers(needed) and role.covers(needed)):
        return f"{person.name} has not the role {needed} today"
    return _scope(person, plan, settings.approvers, team)


def _scope(person: Person, plan: Plan, scopes: Sequence[ApproverScope], team: str) -> str:
    if not scopes:
        return ""
    for scope in scopes:
        fits = (("cluster", plan.target.cluster), ("namespace", plan.target.namespace), ("team", team))
        if person.name in scope.people and all(getattr(scope, key) in ("*", value) for key, value in fits):
            return ""
    return f"{person.name} may not approve in {plan.target.cluster or 'this cluster'}, namespace {plan.target.namespace or '(none)'}, team {team or '(none)'}"


def refuse_second(person: Person | None, earlier: Sequence[Approval]) -> str:
    """Why a further approval of the same plan does not count: the same person by another door."""
    if person is not None and person.name in {a.person for a in earlier}:
        return f"{person.name} already agreed, by {next(a.door for a in earlier if a.person == person.name)}: another person must"
    return ""


def team_of(live: Mapping[str, object] | None) -> str:
    """The team an object belongs to, by its label or annotation `team`."""
    head = (live or {}).get("metadata")
    for where in ("labels", "annotations"):
        found = (head.get(where) or {}).get("team") if isinstance(head, Mapping) else None
        if isinstance(found, str):
            return found
    return ""
