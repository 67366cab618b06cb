"""What a model may do: point at one of the plans that our code made. It holds no tool, and no text of it is executed."""

import json
from dataclasses import replace

from watchkeeper.domain.remediation import Plan
from watchkeeper.remediate.propose import Proposal

_LONGEST = 4000


def chosen(proposal: Proposal, said: str) -> Proposal:
    """The same plans, the one that the model names first. Anything else it says is dropped, arguments and targets too.

    `said`: a JSON object with `action`, optionally `target` (namespace/Kind/name). Where it names a target that is not
    the plan's own, it is not heard at all.
    """
    wanted = _wanted(said)
    if wanted is None:
        return proposal
    action, target = wanted
    first = [p for p in proposal.plans if p.action == action and target in ("", str(p.target)) and _may_lead(p)]
    return replace(proposal, plans=(*first, *(p for p in proposal.plans if p not in first)))


def _may_lead(plan: Plan) -> bool:
    return not plan.suggestion


def _wanted(said: str) -> tuple[str, str] | None:
    try:
        content = json.loads(said[:_LONGEST])
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    action, target = content.get("action"), content.get("target", "")
    return (action, target) if isinstance(action, str) and isinstance(target, str) else None
