"""May we? The one place that answers: rules of the settings, Rego, and what happened before. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.domain.errors import PolicyBroken
from watchkeeper.domain.remediation import (
    Approval,
    AutoApproved,
    Decision,
    Denied,
    NeedsApproval,
    Plan,
    Risk,
    Verdict,
)
from watchkeeper.estate.fields import quantity, same
from watchkeeper.policy.guard import Guard, PolicyAnswer
from watchkeeper.settings import RemediationSettings

_LEAST_INDEPENDENT = 2
_LEAST_TRUSTED = 1


@dataclass(frozen=True, slots=True)
class Past:
    """What was done to the same target: plan digests by hour and those still under way."""

    carried_out_last_hour: int = 0
    active: tuple[str, ...] = ()
    """ids of other plans under way on the target"""
    failed_same: bool = False
    """the same action with the same arguments was tried before and did not help"""
    set_by_people: Mapping[str, Any] = field(default_factory=dict)
    """path -> the value a person last set, where ours stand over it"""
    namespace_cost: float = 0.0
    """what automatic repairs of the last 30 days added to the namespace's monthly bill"""
    taken_over: str = ""
    """who stopped all automation on the target and until when, in words"""


def judge(
    plan: Plan, settings: RemediationSettings, guard: Guard, now: datetime, past: Past, *, kill_switch: bool = False
) -> Verdict:
    """Denied, else a person where anything asks for one, else automatic. A broken policy denies."""
    try:
        answer = guard.evaluate(document(plan, settings))
    except PolicyBroken as error:
        return Denied((f"the policy files are broken, so nothing is changed: {error}",))
    no = [*answer.deny, *_forbidden(plan, settings, now, past, kill_switch or settings.kill_switch)]
    if no:
        return Denied(tuple(no))
    ask = [*answer.ask, *_doubts(plan, settings, answer, past)]
    if ask:
        two = any(matches(plan, entry) for entry in settings.two_person)
        return NeedsApproval(tuple(ask), people=2 if two else 1)
    return AutoApproved(tuple(answer.allow))


def document(plan: Plan, settings: RemediationSettings) -> Mapping[str, Any]:
    """What Rego sees as `input` (docs/reference/policies.md)."""
    return {
        "action": plan.action, "arguments": dict(plan.arguments), "environment": plan.environment,
        "severity": str(plan.severity), "risk": str(plan.risk), "reversible": plan.reversible,
        "confidence": plan.confidence, "independent_signals": plan.independent_signals,
        "trusted_signals": plan.trusted_signals,
        "target": {"namespace": plan.target.namespace, "kind": plan.target.kind, "name": plan.target.name},
        "pods": plan.blast_radius.pods, "callers": list(plan.blast_radius.callers),
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in plan.fields],
        "files": [e.path for e in plan.edits], "route": plan.route,
        "monthly_cost": plan.cost.monthly if plan.cost else 0,
        "settings": {"auto_approve_threshold": settings.auto_approve_threshold},
    }  # fmt: skip


def authorise(
    plan: Plan,
    approval: Approval | None,
    verdict: Verdict,
    at: datetime,
    *,
    kill_switch: bool = False,
    further: Sequence[Approval] = (),
) -> str:
    """At the moment of use: "" if the plan may be carried out, else the reason why not.

    `further`: approvals beside the first, where two people must agree.
    """
    if kill_switch:
        return "the kill switch is on"
    if isinstance(verdict, Denied):
        return f"policy denies it: {'; '.join(verdict.because)}"
    if plan.suggestion:
        return "it is a suggestion: nobody but a person can carry it out"
    if not plan.intact:
        return "the plan does not fit its digest: somebody changed it"
    if isinstance(verdict, AutoApproved) and approval is None:
        return "" if at < plan.expires_at else "the plan expired"
    problem = _agreed(plan, approval, verdict, at) or next(
        filter(None, (_agreed(plan, a, verdict, at) for a in further)), ""
    )
    return problem or _enough_people(verdict, [a for a in (approval, *further) if a is not None])


def now_forbidden(plan: Plan, settings: RemediationSettings, guard: Guard, now: datetime) -> str:
    """What forbids it since it was agreed to: a policy file, a freeze, a protected namespace. "" where nothing does."""
    try:
        said = guard.evaluate(document(plan, settings)).deny
    except PolicyBroken as error:
        return f"the policy files are broken, so nothing is changed: {error}"
    return "; ".join([*said, *_forbidden(plan, settings, now, Past(), settings.kill_switch)])


def _enough_people(verdict: Verdict, approvals: Sequence[Approval]) -> str:
    if not isinstance(verdict, NeedsApproval) or verdict.people < 2:
        return ""
    people = {a.person for a in approvals} - {""}
    if len(people) >= verdict.people:
        return ""
    return f"{verdict.people} different people must agree, {len(people)} did"


def _agreed(plan: Plan, approval: Approval | None, verdict: Verdict, at: datetime) -> str:
    if approval is None:
        return "nobody approved it"
    if approval.decision is not Decision.APPROVED:
        return f"{approval.by} rejected it"
    if (approval.plan_id, approval.plan_digest) != (plan.id, plan.digest):
        return "the approval is for another plan"
    if isinstance(verdict, NeedsApproval) and not approval.role.covers(verdict.role):
        return f"{approval.by} has not the role {verdict.role}"
    return "" if max(at, approval.at) < plan.expires_at else "the approval came after the time to decide"


def _forbidden(plan: Plan, settings: RemediationSettings, now: datetime, past: Past, kill_switch: bool) -> list[str]:
    out = []
    if kill_switch:
        out.append("the kill switch is on")
    if plan.risk is Risk.FORBIDDEN:
        out.append("its risk is forbidden")
    if plan.target.namespace in settings.protected_namespaces:
        out.append(f"namespace {plan.target.namespace} is protected")
    for window in settings.freeze_windows:
        if _within(window, now):
            out.append(f"a freeze is on until {window['end']}")
    if past.active:
        out.append(f"another repair of {plan.target.name} is under way: {', '.join(past.active)}")
    if past.carried_out_last_hour >= settings.max_per_target_per_hour:
        out.append(f"{plan.target.name} was repaired {past.carried_out_last_hour} times within an hour")
    if plan.suggestion:
        out.append(f"it is a suggestion for people: {'; '.join(plan.suggestion)}")
    if past.taken_over:
        out.append(past.taken_over)
    if settings.allowed_actions and plan.action not in settings.allowed_actions:
        out.append(f"{plan.action} is not on the list of allowed actions")
    if settings.allowed_namespaces and plan.target.namespace not in settings.allowed_namespaces:
        out.append(f"namespace {plan.target.namespace or '(none)'} is not on the list of allowed ones")
    if past.failed_same:
        out.append("the same repair was tried before and did not help")
    return out


def _within(window: Mapping[str, str], now: datetime) -> bool:
    return datetime.fromisoformat(window["start"]) <= now < datetime.fromisoformat(window["end"])


def _doubts(plan: Plan, settings: RemediationSettings, answer: PolicyAnswer, past: Past) -> list[str]:
    """Why a person must agree."""
    out = [
        f"configured: {', '.join(f'{k} is {v}' for k, v in entry.items())}"
        for entry in (*settings.require_human_approval, *settings.two_person)
        if matches(plan, entry)
    ]
    if plan.confidence < settings.auto_approve_threshold:
        out.append(f"confidence {plan.confidence:.2f} is below {settings.auto_approve_threshold:g}")
    if plan.independent_signals < _LEAST_INDEPENDENT or plan.trusted_signals < _LEAST_TRUSTED:
        out.append(
            f"{plan.independent_signals} independent kinds of signal of which {plan.trusted_signals} cannot be forged; "
            f"acting alone needs {_LEAST_INDEPENDENT} and {_LEAST_TRUSTED}"
        )
    if plan.risk is Risk.HIGH or not plan.reversible:
        out.append("it is risky or cannot be undone")
    out += [*_beyond(plan, settings, past), *_too_dear(plan, settings, past)]
    if not answer.allow:
        out.append("no policy allows it without a person")
    return out


def _beyond(plan: Plan, settings: RemediationSettings, past: Past) -> list[str]:
    """Increases beyond a multiple of what a person last set."""
    out = []
    for change in plan.fields:
        person = past.set_by_people.get(change.path, change.before)
        least, after = quantity(person), quantity(change.after)
        if least and after and after > settings.most_over_people * least + 1e-9:
            out.append(
                f"{change.after} is more than {settings.most_over_people:g} times the {person} a person last set"
            )
    return out


def _too_dear(plan: Plan, settings: RemediationSettings, past: Past) -> list[str]:
    if plan.cost is None or plan.cost.monthly <= 0:
        return []
    total = past.namespace_cost + plan.cost.monthly
    if total <= settings.monthly_cost_per_namespace:
        return []
    return [
        f"automatic repairs would add {total:.2f} a month to {plan.target.namespace}, more than {settings.monthly_cost_per_namespace:g}"
    ]


def matches(plan: Plan, entry: Mapping[str, str]) -> bool:
    """Do all keys of a configured entry fit the plan? An unknown key counts as fitting."""
    return _matches(plan, entry)


def _matches(plan: Plan, entry: Mapping[str, str]) -> bool:
    known = {
        "severity": str(plan.severity), "environment": plan.environment, "namespace": plan.target.namespace,
        "action": plan.action, "service": plan.target.name,
    }  # fmt: skip
    # An unknown key cannot be told apart from a misspelt one: the careful reading is that it matches.
    return all(known.get(key, value).lower() == value.lower() for key, value in entry.items())


def set_by_people(target_plans: Sequence[tuple[Plan, str, bool]]) -> dict[str, Any]:
    """path -> the value that stood before our own chain of changes, from plans newest first."""
    out: dict[str, Any] = {}
    for plan, state, done in target_plans:
        for change in plan.fields:
            stands = done and state in ("succeeded", "applied", "applying")
            if stands and (change.path not in out or same(out[change.path], change.after)):
                out[change.path] = change.before
    return out


def past_of(
    target_plans: Sequence[tuple[Plan, str, bool]],
    plan: Plan,
    now: datetime,
    *,
    namespace_cost: float = 0.0,
    taken_over: str = "",
    by_people: Mapping[str, Any] | None = None,
) -> Past:
    """From (plan, state, carried out?) of the same target, newest first."""
    others = [(p, s, done) for p, s, done in target_plans if p.id != plan.id]
    hour = now - timedelta(hours=1)
    return Past(
        sum(1 for p, _, done in others if done and p.created_at > hour),
        tuple(p.id for p, s, _ in others if s in ("approved", "applying", "applied")),
        any(s in ("undone", "failed") and done and _same(p, plan) for p, s, done in others),
        by_people or {}, namespace_cost, taken_over,
    )  # fmt: skip


def _same(left: Plan, right: Plan) -> bool:
    return left.action == right.action and {f.path: f.after for f in left.fields} == {
        f.path: f.after for f in right.fields
    }
