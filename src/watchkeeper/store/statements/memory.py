"""Memories, vectors, articles."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pydantic import TypeAdapter

from watchkeeper.domain.memory import Article, PastIncident, Vector
from watchkeeper.domain.redaction import redact_json
from watchkeeper.store.statements.connection import Statements

_PAST: TypeAdapter[PastIncident] = TypeAdapter(PastIncident)
_ARTICLE: TypeAdapter[Article] = TypeAdapter(Article)


class MemoryStatements(Statements):
    """Implements `store.ports.memory.MemoryRecords`."""

    async def unremembered(self, embedder: str, limit: int) -> list[str]:
        """Resolved, and not known as they ended, or not by this embedder."""
        found = await self._rows(
            "select i.id from incidents i left join memories m on m.incident_id = i.id "
            "left join memory_vectors v on v.incident_id = i.id and v.embedder = :embedder "
            "where i.stage = 'resolved' and i.resolved_at is not null "
            "and (m.incident_id is null or m.ended < i.resolved_at or v.incident_id is null) "
            "order by i.resolved_at, i.id limit :limit",
            embedder=embedder, limit=limit,
        )  # fmt: skip
        return [row["id"] for row in found]

    async def save_memory(self, past: PastIncident, embedder: str, data: bytes) -> None:
        """One writer at a time, so that nobody who reads by number misses one that was committed late."""
        await self.lock("memory_writes")
        await self._do(
            "insert into memories (incident_id, ended, body) values (:id, :ended, cast(:body as jsonb)) "
            "on conflict (incident_id) do update set ended = excluded.ended, body = excluded.body",
            id=past.id, ended=past.ended, body=json.dumps(redact_json(_PAST.dump_python(past, mode="json"))),
        )  # fmt: skip
        await self._do(
            "insert into memory_vectors (incident_id, embedder, seq, data) "
            "values (:id, :embedder, nextval('memory_writes'), :data) on conflict (incident_id, embedder) "
            "do update set seq = excluded.seq, data = excluded.data",
            id=past.id, embedder=embedder, data=data,
        )  # fmt: skip

    async def memories(self, ids: Collection[str]) -> Mapping[str, PastIncident]:
        """By id."""
        found = await self._rows("select body from memories where incident_id = any(:ids)", ids=list(ids))
        past = [_PAST.validate_json(json.dumps(row["body"])) for row in found]
        return {p.id: p for p in past}

    async def newest_memories(self, since: datetime, limit: int) -> list[PastIncident]:
        """Newest first."""
        found = await self._rows(
            "select body from memories where ended >= :since order by ended desc, incident_id limit :limit",
            since=since, limit=limit,
        )  # fmt: skip
        return [_PAST.validate_json(json.dumps(row["body"])) for row in found]

    async def vectors_after(self, embedder: str, seq: int, limit: int) -> list[Vector]:
        """In the order of writing."""
        found = await self._rows(
            "select incident_id, seq, data from memory_vectors where embedder = :embedder and seq > :seq "
            "order by seq limit :limit",
            embedder=embedder, seq=seq, limit=limit,
        )  # fmt: skip
        return [Vector(row["incident_id"], embedder, row["seq"], bytes(row["data"])) for row in found]

    async def save_articles(self, source: str, articles: Sequence[Article], at: datetime) -> tuple[int, int]:
        """The source's new state."""
        written = 0
        for article in articles:
            body = redact_json(_ARTICLE.dump_python(article, mode="json"))
            written += await self._do(
                "insert into articles (source, key, digest, body, updated_at) "
                "values (:source, :key, :digest, cast(:body as jsonb), :at) on conflict (source, key) do update "
                "set digest = excluded.digest, body = excluded.body, updated_at = excluded.updated_at "
                "where articles.digest <> excluded.digest",
                source=source, key=article.key, digest=article.digest, body=json.dumps(body), at=at,
            )  # fmt: skip
        removed = await self._do(
            "delete from articles where source = :source and not key = any(:keys)",
            source=source, keys=[a.key for a in articles],
        )  # fmt: skip
        return written, removed

    async def articles(self) -> list[Article]:
        """By source and key."""
        found = await self._rows("select body from articles order by source, key")
        return [_ARTICLE.validate_json(json.dumps(row["body"])) for row in found]
