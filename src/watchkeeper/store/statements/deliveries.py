"""What each announcer is still to say."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter

from watchkeeper.domain.notice import Notice
from watchkeeper.store.ports.deliveries import Owed
from watchkeeper.store.statements.connection import Statements

_NOTICE: TypeAdapter[Notice] = TypeAdapter(Notice)


class DeliveryStatements(Statements):
    """Implements `store.ports.deliveries.DeliveryRecords`."""

    async def add_deliveries(self, owed: Sequence[Owed]) -> None:
        """Keep them."""
        for one in owed:
            await self._do(
                "insert into deliveries (announcer, incident_id, due_at, rank, asked_at, notice) "
                "values (:announcer, :incident, :due, :rank, :asked, cast(:notice as jsonb))",
                announcer=one.announcer, incident=one.notice.incident_id, due=one.due_at, rank=one.notice.severity.rank,
                asked=one.asked_at, notice=_NOTICE.dump_json(one.notice).decode(),
            )  # fmt: skip

    async def due_deliveries(self, announcer: str, at: datetime, limit: int) -> list[Owed]:
        """The most severe first, then the oldest."""
        found = await self._rows(
            "select id, due_at, asked_at, notice from deliveries where announcer = :announcer and due_at <= :at "
            "order by rank, due_at, id limit :limit",
            announcer=announcer, at=at, limit=limit,
        )  # fmt: skip
        return [
            Owed(announcer, _NOTICE.validate_python(r["notice"]), r["due_at"], r["asked_at"], r["id"]) for r in found
        ]

    async def drop_deliveries(self, ids: Sequence[int]) -> None:
        """They were said, or need not be."""
        await self._do("delete from deliveries where id = any(:ids)", ids=list(ids))

    async def forget_deliveries(self, announcers: Sequence[str], before: datetime) -> None:
        """Of announcers that are no longer there."""
        await self._do(
            "delete from deliveries where due_at < :before and not announcer = any(:names)",
            before=before, names=list(announcers),
        )  # fmt: skip
