"""Cases for policy files: YAML beside the Rego, each an input and what must be said of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from watchkeeper.domain.errors import PolicyBroken
from watchkeeper.policy.rego import RegoGuard

USUAL: Mapping[str, Any] = {
    "action": "restart", "arguments": {}, "environment": "staging", "severity": "high", "risk": "low", "reversible": True,
    "confidence": 0.95, "independent_signals": 2, "trusted_signals": 1, "target": {"namespace": "shop", "kind": "Deployment", "name": "web"},
    "pods": 2, "callers": [], "fields": [], "files": ["web.yaml"], "route": "", "monthly_cost": 0, "settings": {"auto_approve_threshold": 0.85},
}  # fmt: skip
"""What a case's `input` is laid over."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case; `problem` "" where it holds."""

    file: str
    name: str
    problem: str


def run_cases(folder: Path) -> list[CaseResult]:
    """Every case of every `*_test.yaml` of the folder. Files: a list of `name`, `input`, `verdict` (deny, ask, allow) and
    optionally `because`, a part of a reason. Raises PolicyBroken where a file cannot be read."""
    guard = RegoGuard(folder)
    return [
        CaseResult(path.name, name, _problem(guard, case))
        for path in sorted(folder.glob("*_test.yaml"))
        for name, case in _cases(path)
    ]


def _cases(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PolicyBroken(f"{path} cannot be read: {error}") from None
    for number, case in enumerate(found if isinstance(found, list) else [], 1):
        yield str(case.get("name", f"case {number}")), case


def _problem(guard: RegoGuard, case: Mapping[str, Any]) -> str:
    answer = guard.evaluate(_laid_over(USUAL, case.get("input") or {}))
    said = "deny" if answer.deny else "ask" if answer.ask or not answer.allow else "allow"
    reasons = [*answer.deny, *answer.ask, *answer.allow]
    if said != case.get("verdict"):
        return f"says {said}, not {case.get('verdict')} ({'; '.join(reasons)})"
    wanted = str(case.get("because", ""))
    return "" if any(wanted in r for r in reasons) or not wanted else f"no reason says {wanted!r}: {'; '.join(reasons)}"


def _laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for key, value in over.items():
        out[key] = (
            _laid_over(out[key], value) if isinstance(value, Mapping) and isinstance(out.get(key), Mapping) else value
        )
    return out
