"""The scanner's memory: state by shard, sightings, feedback."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from watchkeeper.domain.errors import NotFound
from watchkeeper.domain.redaction import redact
from watchkeeper.domain.sighting import Feedback, Sighting
from watchkeeper.store.statements.connection import Statements

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class WatchStatements(Statements):
    """Implements `store.ports.watching.WatchRecords`."""

    async def watch_state(self, shard: str) -> bytes | None:
        """What was last saved for the shard."""
        row = await self._row("select state from watch_shards where shard = :shard", shard=shard)
        return bytes(row["state"]) if row else None

    async def save_watch_state(self, shard: str, state: bytes, until: float) -> bool:
        """Never over a later one."""
        return await self._do(
            "insert into watch_shards (shard, until, state) values (:shard, :until, :state) on conflict (shard) "
            "do update set until = excluded.until, state = excluded.state where watch_shards.until < excluded.until",
            shard=shard, until=until, state=state,
        ) == 1  # fmt: skip

    async def keep_sighting(self, sighting: Sighting, incident_id: str = "") -> None:
        """Write it, or over the earlier word on the same episode."""
        await self._do(
            "insert into sightings (fingerprint, service, namespace, began, last, opens, incident_id, body) values "
            "(:fingerprint, :service, :namespace, :began, :last, :opens, :incident, cast(:body as jsonb)) "
            "on conflict (fingerprint) do update set last = excluded.last, opens = excluded.opens, body = excluded.body, "
            "incident_id = case when sightings.incident_id = '' then excluded.incident_id else sightings.incident_id end",
            fingerprint=sighting.fingerprint, service=sighting.service, namespace=sighting.namespace,
            began=_moment(sighting.began), last=_moment(sighting.last), opens=sighting.opens, incident=incident_id,
            body=json.dumps(asdict(sighting)),
        )  # fmt: skip

    async def sighting(self, fingerprint: str) -> tuple[Sighting, str]:
        """Raises NotFound."""
        row = await self._row("select body, incident_id from sightings where fingerprint = :f", f=fingerprint)
        if row is None:
            raise NotFound(f"no sighting {fingerprint}")
        return Sighting.of(row["body"]), row["incident_id"]

    async def sightings(
        self, *, service: str = "", since: datetime | None = None, limit: int = 200
    ) -> list[tuple[Sighting, str]]:
        """Newest first."""
        found = await self._rows(
            "select body, incident_id from sightings where (:service = '' or service = :service) and last >= :since "
            "order by began desc, fingerprint limit :limit",
            service=service, since=since or _NEVER, limit=limit,
        )  # fmt: skip
        return [(Sighting.of(row["body"]), row["incident_id"]) for row in found]

    async def sightings_of(self, incident_id: str) -> list[Sighting]:
        """Oldest first."""
        found = await self._rows(
            "select body from sightings where incident_id = :id order by began, fingerprint", id=incident_id
        )
        return [Sighting.of(row["body"]) for row in found]

    async def save_feedback(self, feedback: Feedback) -> None:
        """The newest word on a subject counts."""
        await self._do(
            "insert into feedback (subject, service, real, by_whom, at, words) values (:subject, :service, :real, :by, :at, :words) "
            "on conflict (subject, service) do update set real = excluded.real, by_whom = excluded.by_whom, at = excluded.at, "
            "words = excluded.words",
            subject=feedback.subject, service=feedback.service, real=feedback.real, by=feedback.by, at=feedback.at,
            words=redact(feedback.words),
        )  # fmt: skip

    async def feedback_by_service(self, since: datetime) -> Mapping[str, tuple[int, int]]:
        """service -> (real, noise)."""
        found = await self._rows(
            "select service, count(*) filter (where real) real, count(*) filter (where not real) noise from feedback "
            "where at >= :since group by service",
            since=since,
        )
        return {row["service"]: (row["real"], row["noise"]) for row in found}


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
