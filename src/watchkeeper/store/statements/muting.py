"""What people say about alerts."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter

from watchkeeper.domain.muting import Correction, KnownIssue, Mute
from watchkeeper.store.statements.connection import Statements

_MUTE: TypeAdapter[Mute] = TypeAdapter(Mute)
_ISSUE: TypeAdapter[KnownIssue] = TypeAdapter(KnownIssue)
_CORRECTION: TypeAdapter[Correction] = TypeAdapter(Correction)
_MOST_CORRECTIONS = 500


class MutingStatements(Statements):
    """Implements `store.ports.muting.MutingRecords`."""

    async def silences(self, at: datetime) -> list[Mute]:
        """Those not over."""
        found = await self._rows("select body from silences where ends_at > :at order by id", at=at)
        return [_MUTE.validate_python(r["body"]) for r in found]

    async def replace_silences(self, origin: str, silences: Sequence[Mute]) -> None:
        """What this origin has now."""
        await self.lock(f"silences {origin}")
        await self._do("delete from silences where origin = :origin", origin=origin)
        for mute in silences:
            await self.add_silence(origin, mute)

    async def add_silence(self, origin: str, silence: Mute) -> None:
        """The same id is written over."""
        await self._do(
            "insert into silences (id, origin, starts_at, ends_at, body) values (:id, :origin, :start, :end, cast(:body as jsonb)) "
            "on conflict (id) do update set body = excluded.body, ends_at = excluded.ends_at",
            id=silence.id, origin=origin, start=silence.starts_at, end=silence.ends_at, body=_MUTE.dump_json(silence).decode(),
        )  # fmt: skip

    async def known_issues(self, at: datetime) -> list[KnownIssue]:
        """Those not expired."""
        found = await self._rows("select body from known_issues where expires_at > :at order by expires_at, id", at=at)
        return [_ISSUE.validate_python(r["body"]) for r in found]

    async def save_known_issue(self, issue: KnownIssue) -> None:
        """New, or written over."""
        await self._do(
            "insert into known_issues (id, expires_at, body) values (:id, :expires, cast(:body as jsonb)) "
            "on conflict (id) do update set expires_at = excluded.expires_at, body = excluded.body",
            id=issue.id, expires=issue.expires_at, body=_ISSUE.dump_json(issue).decode(),
        )  # fmt: skip

    async def drop_known_issue(self, issue_id: str) -> bool:
        """False where there was none."""
        return await self._do("delete from known_issues where id = :id", id=issue_id) == 1

    async def add_correction(self, correction: Correction) -> None:
        """Remember what a person said."""
        await self._do(
            "insert into corrections (at, body) values (:at, cast(:body as jsonb))",
            at=correction.at, body=_CORRECTION.dump_json(correction).decode(),
        )  # fmt: skip

    async def corrections(self) -> list[Correction]:
        """The newest, oldest first."""
        found = await self._rows("select body from corrections order by seq desc limit :most", most=_MOST_CORRECTIONS)
        return [_CORRECTION.validate_python(r["body"]) for r in reversed(found)]

    async def move_alerts(self, fingerprints: Sequence[str], origin: str, target: str, because: str) -> int:
        """Alerts with how they stand, from one incident to another."""
        chosen = "incident_id = :origin and (cardinality(cast(:prints as text[])) = 0 or fingerprint = any(:prints))"
        values = {"prints": list(fingerprints), "origin": origin, "target": target}
        await self._do(f"update standing set incident_id = :target where {chosen}", **values)  # noqa: S608
        return await self._do(
            f"update alerts set incident_id = :target, because = :because where {chosen}",  # noqa: S608
            because=because, **values,
        )  # fmt: skip

    async def hear(self, names: Sequence[str], at: datetime) -> None:
        """Note that these were heard; at most one write a name and ten seconds."""
        await self._do(
            "insert into heard (name, at) select distinct name, cast(:at as timestamptz) from unnest(cast(:names as text[])) name "
            "on conflict (name) do update set at = excluded.at where heard.at < excluded.at - interval '10 seconds'",
            names=list(names), at=at,
        )  # fmt: skip

    async def last_heard(self, name: str) -> datetime | None:
        """When; None: never."""
        row = await self._row("select at from heard where name = :name", name=name)
        return row["at"] if row else None
