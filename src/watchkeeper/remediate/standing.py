"""Autonomy is earned: whether an action may act alone in a namespace, from its outcomes here and an admin's word. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.domain.remediation import AutoApproved, NeedsApproval, Verdict
from watchkeeper.remediate.shadow import Word
from watchkeeper.settings import AutonomyGrant, RemediationSettings


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one plan of an action turned out, or would have."""

    word: Word
    at: datetime
    minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """May it act alone, and why (not)."""

    may: bool
    earned: bool
    """whether an admin may allow it now"""
    because: str


def standing(
    action: str, namespace: str, outcomes: Sequence[Outcome], granted_at: datetime | None, settings: RemediationSettings
) -> Standing:
    """Outcomes in any order. One harmful outcome takes everything back: the count begins again after it."""
    if configured(action, namespace, settings.autonomy):
        return Standing(True, True, "the configuration grants it")
    harmed = max((o.at for o in outcomes if o.word is Word.HARMED), default=None)
    counted = [o for o in outcomes if o.word.counts and (harmed is None or o.at > harmed)]
    right = sum(o.word.right for o in counted)
    least, share = settings.outcomes_to_earn, settings.share_to_earn
    tail = f" since one did harm on {harmed:%Y-%m-%d}" if harmed else ""
    if len(counted) < least or right < share * len(counted):
        return Standing(
            False,
            False,
            f"{action} has not earned it in {namespace}: {right} of {len(counted)} outcomes right{tail}, {least} with {share:.0%} are needed",
        )
    if granted_at is None or (harmed is not None and granted_at <= harmed):
        return Standing(
            False,
            True,
            f"{action} has earned it in {namespace}, but no admin allowed it: `watchkeeper scorecard allow {action} {namespace}`",
        )
    return Standing(True, True, f"{right} of {len(counted)} outcomes right here, and an admin allowed it")


def configured(action: str, namespace: str, grants: Iterable[AutonomyGrant]) -> bool:
    """Does the configuration grant it?"""
    return any(g.action in ("*", action) and g.namespace in ("*", namespace) for g in grants)


def narrow(verdict: Verdict, found: Standing) -> Verdict:
    """Automatic only where it was earned; a standing never widens what policy said."""
    if isinstance(verdict, AutoApproved):
        return AutoApproved((*verdict.because, found.because)) if found.may else NeedsApproval((found.because,))
    return verdict
