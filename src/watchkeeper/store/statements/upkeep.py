"""Retention by dropping weekly partitions, and the timeline as an outbox."""

import re
from datetime import UTC, datetime, timedelta

from watchkeeper.domain.incident import IncidentEvent
from watchkeeper.store import rows
from watchkeeper.store.statements.connection import Statements

_PARTITION = re.compile(r"(alerts|events)_(\d{8})")
_KEYS = {"alerts": "starts_at", "events": "at"}
_STANDING_DAYS = 7


class UpkeepStatements(Statements):
    """Implements `store.ports.upkeep.UpkeepRecords`."""

    async def keep_partitions(self, now: datetime, weeks: int) -> int:
        """Weekly partitions from this week on; how many were made."""
        await self.lock("partitions")
        found = await self._rows(
            "select keep_partition(parent, date_trunc('week', cast(:now as timestamptz) at time zone 'UTC')::date + 7 * week) made "
            "from unnest(array['alerts', 'events']) parent, generate_series(0, cast(:weeks as integer)) week",
            now=now, weeks=weeks,
        )  # fmt: skip
        return sum(1 for r in found if r["made"])

    async def forget(self, alerts_before: datetime, events_before: datetime) -> int:
        """Drop partitions that end before; what belongs to open incidents stays."""
        await self.lock("partitions")
        before = {"alerts": alerts_before, "events": events_before}
        gone = 0
        for parent, limit in before.items():
            for name in await self._old(parent, limit):
                await self._do("select drop_partition(:parent, :part)", parent=parent, part=name)
                gone += 1
            await self._do(
                f"delete from {parent}_other o where {_KEYS[parent]} < :limit and not exists "  # noqa: S608
                "(select 1 from incidents i where i.id = o.incident_id and i.stage <> 'resolved')",
                limit=limit,
            )
        await self._do(
            "delete from standing s where seen_at < :limit and not exists "
            "(select 1 from incidents i where i.id = s.incident_id and i.stage <> 'resolved')",
            limit=alerts_before - timedelta(days=_STANDING_DAYS),
        )
        await self._do(
            "delete from situations s using incidents i where i.id = s.incident_id and i.stage = 'resolved' and s.last_at < :limit",
            limit=alerts_before,
        )
        return gone

    async def _old(self, parent: str, limit: datetime) -> list[str]:
        """Attached partitions of whole weeks before `limit`, oldest first."""
        found = await self._rows(
            "select inhrelid::regclass::text as name from pg_inherits where inhparent = cast(:parent as regclass)",
            parent=parent,
        )
        out = []
        for row in found:
            parts = _PARTITION.fullmatch(row["name"])
            if parts and datetime.strptime(parts[2], "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=7) <= limit:
                out.append(row["name"])
        return sorted(out)

    async def owed_events(self, limit: int) -> list[IncidentEvent]:
        """Oldest first; rows another worker holds are left to it."""
        found = await self._rows(
            "select * from events where owed order by id limit :limit for update skip locked", limit=limit
        )
        return [rows.event(row) for row in found]

    async def told_events(self, ids: list[int]) -> None:
        """They were told."""
        await self._do("update events set owed = false where owed and id = any(:ids)", ids=ids)
