"""People, the names they go by, and what they took over."""

from datetime import datetime
from typing import Protocol

from watchkeeper.domain.people import Person, Takeover


class PeopleRecords(Protocol):
    """Who somebody is, and which targets are theirs for now."""

    async def save_person(self, person: Person) -> None:
        """A new person, or the same one changed."""
        ...

    async def people(self) -> list[Person]:
        """Everybody, by name."""
        ...

    async def link(self, door: str, subject: str, person: str) -> None:
        """The name `subject` in the directory `door` is this person. Raises NotFound for nobody we know."""
        ...

    async def unlink(self, door: str, subject: str) -> None:
        """The name is nobody's any more."""
        ...

    async def person_of(self, door: str, subject: str) -> Person | None:
        """Who goes by this name there, as they stand today."""
        ...

    async def names_of(self, person: str) -> list[tuple[str, str]]:
        """(directory, name) pairs."""
        ...

    async def token_roles(self, name: str, at: datetime) -> list[tuple[str, bool]]:
        """(role, valid now?) of every API token of that name."""
        ...

    async def take_over(self, takeover: Takeover) -> None:
        """Keep a person's word."""
        ...

    async def takeovers(self, at: datetime) -> list[Takeover]:
        """Those that hold at that time, newest first."""
        ...

    async def hand_back(self, incident_id: str, at: datetime) -> int:
        """End the takeovers of an incident; how many there were."""
        ...
