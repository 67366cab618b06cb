"""Rego in, a verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What the policy files say of one input document. All reasons are words for people."""

    deny: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


class Guard(Protocol):
    """`policy.rego.RegoGuard` implements it; raises PolicyBroken where files are missing or do not load."""

    def evaluate(self, document: Mapping[str, Any]) -> PolicyAnswer:
        """The answer for a plan document (docs/reference/policies.md)."""
        ...
