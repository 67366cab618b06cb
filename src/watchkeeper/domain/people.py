"""People, and the names they go by at each door."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.domain.severity import Role


class PersonKind(StrEnum):
    """Only humans may agree where people are asked for."""

    HUMAN = "human"
    GUEST = "guest"
    BOT = "bot"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody known by name. `role` is what they may do today, whatever a button once said."""

    name: str
    role: Role
    kind: PersonKind = PersonKind.HUMAN
    active: bool = True


DOORS = ("token", "oidc", "slack", "teams", "github")
"""Where a name means a person: API, console and command line know callers by their token's name."""


def directory_of(door: str) -> str:
    """The directory in which a door's names stand."""
    return door if door in DOORS else "token"


@dataclass(frozen=True, slots=True)
class Takeover:
    """A person's word that nothing automatic touches these targets until then."""

    incident_id: str
    targets: tuple[str, ...]
    """namespace/Kind/name, or namespace/*/name where only the name is known"""
    by: str
    door: str
    reason: str
    at: datetime
    until: datetime

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.by} took it over until {self.until:%H:%M} UTC" + (f": {self.reason}" if self.reason else "")
