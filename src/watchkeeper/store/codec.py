"""Domain values to JSON and back, exactly: a plan that was stored still fits its digest."""

import json
from typing import Any

from pydantic import TypeAdapter

from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.remediation import AutoApproved, Denied, NeedsApproval, Plan, Verdict

_PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
_DIAGNOSIS: TypeAdapter[Diagnosis] = TypeAdapter(Diagnosis)
_VERDICTS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (AutoApproved, NeedsApproval, Denied)
}


def plan_to_json(plan: Plan) -> str:
    """As stored."""
    return _PLAN.dump_json(plan).decode()


def plan_from_json(value: Any) -> Plan:
    """From a jsonb column."""
    return _PLAN.validate_json(json.dumps(value))


def diagnosis_to_json(diagnosis: Diagnosis) -> str:
    """As stored."""
    return _DIAGNOSIS.dump_json(diagnosis).decode()


def diagnosis_from_json(value: Any) -> Diagnosis:
    """From a jsonb column."""
    return _DIAGNOSIS.validate_json(json.dumps(value))


def verdict_to_json(verdict: Verdict) -> str:
    """As stored, tagged with its kind."""
    kind = type(verdict).__name__
    return json.dumps({"kind": kind, **json.loads(_VERDICTS[kind].dump_json(verdict))})


def verdict_from_json(value: dict[str, Any]) -> Verdict:
    """From a jsonb column."""
    fields = dict(value)
    kind = str(fields.pop("kind"))
    verdict: Verdict = _VERDICTS[kind].validate_json(json.dumps(fields))
    return verdict
