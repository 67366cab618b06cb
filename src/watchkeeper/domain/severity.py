"""How bad it is, and the roles of those who may act."""

from enum import StrEnum


class Severity(StrEnum):
    """Critical and high go on to planning; warning and info to notification."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)

    @property
    def plans(self) -> bool:
        """Is a repair planned at this severity?"""
        return self in (Severity.CRITICAL, Severity.HIGH)


class Role(StrEnum):
    """Each role may do what those before it may."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    APPROVER = "approver"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Does this role include `needed`?"""
        order = list(Role)
        return order.index(self) >= order.index(needed)


_WORDS = {
    Severity.CRITICAL: ("critical", "crit", "page", "emergency", "p1"),
    Severity.HIGH: ("high", "error", "major", "p2"),
    Severity.WARNING: ("warning", "warn", "medium", "minor", "p3"),
    Severity.INFO: ("info", "informational", "low", "none", "debug", "p4", "p5"),
}


def severity_of(word: str) -> Severity | None:
    """The severity a sender's word means; None for words nobody uses so."""
    word = word.strip().lower()
    return next((severity for severity, words in _WORDS.items() if word in words), None)
