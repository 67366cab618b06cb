"""Did it help? Only positive evidence counts: data that vanished is not recovery. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.domain.remediation import Check, Plan, Recovery, RecoveryState
from watchkeeper.remediate.live import fields_hold

Measured = Mapping[str, float | None]
"""check key -> number; None: it could not be measured"""


def key_of(check: Check) -> str:
    """Names a check in measurements and on the timeline."""
    parts = [
        check.kind,
        *(str(check.arguments[k]) for k in ("service", "metric", "expression") if k in check.arguments),
    ]
    return " ".join(parts)


def verify(checks: Sequence[Check], measured: Measured) -> Recovery:
    """WORSE beats INCONCLUSIVE beats NOT_YET; RECOVERED needs every check measured and passed, and at least one symptom."""
    said = [(check, *_judge(check, measured.get(key_of(check)))) for check in checks]
    for state in (RecoveryState.WORSE, RecoveryState.INCONCLUSIVE, RecoveryState.NOT_YET):
        because = tuple(words for _, verdict, words in said if verdict is state)
        if because:
            return Recovery(state, because, dict(measured))
    if not any(check.kind in ("symptom", "band") for check in checks):
        return Recovery(
            RecoveryState.INCONCLUSIVE, ("nothing shows the symptom, so nothing shows it gone",), dict(measured)
        )
    return Recovery(RecoveryState.RECOVERED, tuple(check.words for check in checks), dict(measured))


def _judge(check: Check, value: float | None) -> tuple[RecoveryState, str]:
    words = check.words
    if value is None:
        return RecoveryState.INCONCLUSIVE, f"cannot be seen: {words}"
    limits = check.arguments
    match check.kind:
        case "ready" | "up":
            return (RecoveryState.RECOVERED if value >= 1 else RecoveryState.INCONCLUSIVE), f"not so: {words}"
        case "traffic":
            enough = value >= 0.5 * float(limits["before"])
            return (RecoveryState.RECOVERED if enough else RecoveryState.INCONCLUSIVE), f"only {value:.3g}/s: {words}"
        case "symptom":
            return (RecoveryState.RECOVERED if value == 0 else RecoveryState.NOT_YET), f"not yet: {words}"
        case "burn":
            kept = value <= float(limits["limit"])
            return (RecoveryState.RECOVERED if kept else RecoveryState.NOT_YET), f"{value:.3g} % fail: {words}"
        case "guard":
            worse = value > float(limits["during"])
            return (RecoveryState.WORSE if worse else RecoveryState.RECOVERED), f"{value:.3g} now: {words}"
        case "band":
            return _band(value, float(limits["limit"]), float(limits["during"])), f"{value:.3g} now: {words}"
        case _:
            return RecoveryState.INCONCLUSIVE, f"nobody knows how to measure: {words}"


def _band(value: float, limit: float, during: float) -> RecoveryState:
    if value <= limit:
        return RecoveryState.RECOVERED
    return RecoveryState.WORSE if value > 1.5 * during and value > during + limit else RecoveryState.NOT_YET


def live_is_ours(live: Mapping[str, Any], plan: Plan) -> bool:
    """Is the object still what the repair left? Only then may an undo touch it."""
    return fields_hold(live, plan.fields, after=True)
