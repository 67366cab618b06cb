"""What happened lately, in numbers."""

from collections.abc import Sequence
from datetime import datetime

from watchkeeper.domain.incident import IncidentEvent
from watchkeeper.store import rows
from watchkeeper.store.port import StoredAlert
from watchkeeper.store.ports.overview import Summary
from watchkeeper.store.statements.connection import Statements


class OverviewStatements(Statements):
    """Implements `store.ports.overview.OverviewRecords`."""

    async def summary(self, since: datetime) -> Summary:
        """One statement; every part of it is a range of an index."""
        row = await self._row(
            "select (select count(*) from alerts where received_at >= :since) alerts, "
            "(select count(*) from incidents where opened_at >= :since) incidents, ended.*, done.* from "
            "(select count(*) resolved, percentile_cont(0.5) within group (order by took) median_resolution, "
            "percentile_cont(0.95) within group (order by took) slowest_resolution from "
            "(select extract(epoch from resolved_at - opened_at)::double precision took from incidents "
            "where resolved_at >= :since) t) ended, "
            "(select count(*) filter (where kind = 'change.started') repairs, "
            "count(*) filter (where kind = 'incident.escalated') escalated, "
            "count(*) filter (where kind = 'change.undone') undone, "
            "count(*) filter (where kind = 'incident.resolved' and data ? 'plan') recovered "
            "from events where at >= :since and kind = any(:kinds)) done",
            since=since, kinds=["change.started", "incident.escalated", "change.undone", "incident.resolved"],
        )  # fmt: skip
        assert row is not None
        return Summary(**row)

    async def told_since(self, since: datetime, kinds: Sequence[str], limit: int) -> list[IncidentEvent]:
        """Newest first."""
        found = await self._rows(
            "select * from events where at >= :since and kind = any(:kinds) order by at desc, id desc limit :limit",
            since=since, kinds=list(kinds), limit=limit,
        )  # fmt: skip
        return [IncidentEvent(r["id"], r["incident_id"], r["at"], r["kind"], r["text"], r["data"]) for r in found]

    async def first_alerts_of(self, incident_id: str, limit: int) -> tuple[list[StoredAlert], int]:
        """A storm's thousands are counted by the index and sorted without their bodies."""
        found = await self._rows(
            "with newest as (select distinct on (source, fingerprint) seq, starts_at from alerts where incident_id = :id "
            "order by source, fingerprint, starts_at desc, seq desc), "
            "first as (select seq, starts_at, count(*) over () total from newest order by starts_at, seq limit :limit) "
            "select a.*, f.total from first f join alerts a on a.seq = f.seq and a.starts_at = f.starts_at "
            "order by a.starts_at, a.seq",
            id=incident_id, limit=limit,
        )  # fmt: skip
        return [rows.stored_alert(row) for row in found], found[0]["total"] if found else 0

    async def last_events_of(self, incident_id: str, limit: int) -> tuple[list[IncidentEvent], int]:
        """Backwards through the index."""
        found = await self._rows(
            "select * from events where incident_id = :id order by id desc limit :limit", id=incident_id, limit=limit
        )
        counted = await self._row("select count(*) n from events where incident_id = :id", id=incident_id)
        assert counted is not None
        return [rows.event(row) for row in reversed(found)], counted["n"]
