"""People, names, takeovers: implements `store.ports.people.PeopleRecords`."""

from datetime import datetime

from watchkeeper.domain.errors import NotFound
from watchkeeper.domain.people import Person, PersonKind, Takeover
from watchkeeper.domain.redaction import redact
from watchkeeper.domain.severity import Role
from watchkeeper.store.statements.connection import Statements


class PeopleStatements(Statements):
    """One row a person, a name, a takeover."""

    async def save_person(self, person: Person) -> None:
        """A new person, or the same one changed."""
        await self._do(
            "insert into people (name, role, kind, active) values (:name, :role, :kind, :active) "
            "on conflict (name) do update set role = excluded.role, kind = excluded.kind, active = excluded.active",
            name=person.name, role=str(person.role), kind=str(person.kind), active=person.active,
        )  # fmt: skip

    async def people(self) -> list[Person]:
        """By name."""
        return [_person(row) for row in await self._rows("select * from people order by name")]

    async def link(self, door: str, subject: str, person: str) -> None:
        """A name belongs to one person."""
        if await self._row("select 1 from people where name = :name", name=person) is None:
            raise NotFound(f"nobody is known as {person}", hint="add them with `watchkeeper people add`")
        await self._do(
            "insert into identities (door, subject, person) values (:door, :subject, :person) "
            "on conflict (door, subject) do update set person = excluded.person",
            door=door, subject=subject, person=person,
        )  # fmt: skip

    async def unlink(self, door: str, subject: str) -> None:
        """Forget a name."""
        await self._do("delete from identities where door = :door and subject = :subject", door=door, subject=subject)

    async def person_of(self, door: str, subject: str) -> Person | None:
        """As they stand today."""
        row = await self._row(
            "select p.* from people p join identities i on i.person = p.name where i.door = :door and i.subject = :subject",
            door=door, subject=subject,
        )  # fmt: skip
        return _person(row) if row else None

    async def names_of(self, person: str) -> list[tuple[str, str]]:
        """Sorted."""
        found = await self._rows("select door, subject from identities where person = :name order by 1, 2", name=person)
        return [(row["door"], row["subject"]) for row in found]

    async def token_roles(self, name: str, at: datetime) -> list[tuple[str, bool]]:
        """Revoked and expired ones are not valid."""
        found = await self._rows(
            "select role, not revoked and (expires_at is null or expires_at > :at) as valid from tokens where name = :name",
            name=name, at=at,
        )  # fmt: skip
        return [(row["role"], row["valid"]) for row in found]

    async def take_over(self, takeover: Takeover) -> None:
        """The reason is redacted."""
        await self._do(
            "insert into takeovers (incident_id, targets, by_whom, door, reason, at, until) values "
            "(:incident, :targets, :by, :door, :reason, :at, :until)",
            incident=takeover.incident_id, targets=list(takeover.targets), by=takeover.by, door=takeover.door,
            reason=redact(takeover.reason), at=takeover.at, until=takeover.until,
        )  # fmt: skip

    async def takeovers(self, at: datetime) -> list[Takeover]:
        """Newest first."""
        found = await self._rows("select * from takeovers where until > :at order by seq desc", at=at)
        return [
            Takeover(r["incident_id"], tuple(r["targets"]), r["by_whom"], r["door"], r["reason"], r["at"], r["until"])
            for r in found
        ]

    async def hand_back(self, incident_id: str, at: datetime) -> int:
        """They end now."""
        return await self._do(
            "update takeovers set until = :at where incident_id = :id and until > :at", id=incident_id, at=at
        )


def _person(row: dict[str, object]) -> Person:
    return Person(str(row["name"]), Role(str(row["role"])), PersonKind(str(row["kind"])), bool(row["active"]))
