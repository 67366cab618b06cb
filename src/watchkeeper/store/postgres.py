"""The database: implements `store.port.Store` on PostgreSQL."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from watchkeeper.domain.errors import InvalidInput, StoreUnavailable
from watchkeeper.domain.incident import Incident, IncidentEvent, Stage
from watchkeeper.domain.severity import Severity
from watchkeeper.store import chain, rows
from watchkeeper.store.bus import RedisBus
from watchkeeper.store.feed import Feed
from watchkeeper.store.migrate import driver_url, liveliness, lively
from watchkeeper.store.port import AuditEntry, Page, StoredAlert, StoredToken
from watchkeeper.store.transaction import STEP_TASK, PostgresTransaction

_ANSWERS_SECONDS = 5.0
_LONGEST_WAIT_MINUTES = 10
"""No step waits longer before it looks again; one that was put off further only looks early."""
_SESSION = (
    "set idle_in_transaction_session_timeout = '60s'; set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; "
    "set tcp_keepalives_count = 3; set tcp_user_timeout = 20000"
)
"""The other end: what a process held when the network between was cut, the intake's turn above all, is given back."""
_INCIDENT_FILTERS = {
    "at": "(opened_at, id) < (:at, :last)",
    "stage": "stage = :stage",
    "severity": "severity = :severity",
}


class PostgresStore:
    """One engine a process. Open with `PostgresStore.open(url)`; the schema is `store.migrate`'s business."""

    def __init__(self, engine: AsyncEngine, url: str, bus: RedisBus | None = None) -> None:
        self._engine = engine
        self._bus = bus
        self._feed = Feed(lively(url), bus, self._events)

    @classmethod
    def open(cls, url: str, *, pool_size: int = 10, redis_url: str = "") -> "PostgresStore":
        """Connections are made when they are needed, and tested before they are used."""
        engine = create_async_engine(
            driver_url(url), pool_size=pool_size, max_overflow=2, pool_timeout=5, pool_pre_ping=True,
            connect_args={**liveliness(url), "connect_timeout": 5},
        )  # fmt: skip
        event.listen(engine.sync_engine, "connect", _let_go_of_the_dead)
        return cls(engine, url, RedisBus(redis_url) if redis_url else None)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        """A unit of work. Raises StoreUnavailable where the database does not answer."""
        try:
            async with self._engine.begin() as connection:
                tx = PostgresTransaction(connection)
                yield tx
        except (OperationalError, InterfaceError, PoolTimeout, OSError) as error:
            raise StoreUnavailable(f"the database does not answer: {_first_line(error)}") from error
        except (DataError, UnicodeEncodeError) as error:
            raise InvalidInput(f"the database cannot hold this: {_first_line(error)}") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise StoreUnavailable(f"the database went away: {_first_line(error)}") from error
            raise
        if self._bus is not None and tx.told:
            await self._bus.publish(tx.told)

    async def _rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        async with self.transaction() as tx:
            return await tx._rows(statement, **values)

    async def list_incidents(
        self, *, cursor: str = "", limit: int = 50, stage: Stage | None = None, severity: Severity | None = None
    ) -> Page[Incident]:
        """Newest first."""
        at, last = _read_cursor(cursor, 2) if cursor else (None, None)
        values = {"at": at, "last": last, "stage": stage and str(stage), "severity": severity and str(severity)}
        asked = {name: value for name, value in values.items() if value is not None}
        # Only what is asked for: with `is null or` the planner cannot start an index at the cursor.
        where = [words for name, words in _INCIDENT_FILTERS.items() if name in asked]
        found = await self._rows(
            f"select * from incidents {'where ' + ' and '.join(where) if where else ''} "  # noqa: S608
            "order by opened_at desc, id desc limit :limit",
            limit=limit + 1, **asked,
        )  # fmt: skip
        items = [rows.incident(row) for row in found[:limit]]
        more = len(found) > limit
        return Page(tuple(items), _cursor(items[-1].opened_at.isoformat(), items[-1].id) if more else "")

    async def list_alerts(self, *, cursor: str = "", limit: int = 50, incident_id: str = "") -> Page[StoredAlert]:
        """Newest first."""
        before = int(_read_cursor(cursor, 1)[0]) if cursor else None
        asked = {"before": before} if before is not None else {}
        where = [*(["seq < :before"] if asked else []), *(["incident_id = :incident"] if incident_id else [])]
        found = await self._rows(
            f"select * from alerts {'where ' + ' and '.join(where) if where else ''} order by seq desc limit :limit",  # noqa: S608
            limit=limit + 1, **asked, **({"incident": incident_id} if incident_id else {}),
        )  # fmt: skip
        more = len(found) > limit
        items = tuple(rows.stored_alert(row) for row in found[:limit])
        return Page(items, _cursor(str(found[limit - 1]["seq"])) if more else "")

    async def list_audit(self, *, after: int = 0, limit: int = 200) -> Page[AuditEntry]:
        """Oldest first."""
        found = await self._rows(
            "select * from audit where seq > :after order by seq limit :limit", after=after, limit=limit + 1
        )
        items = tuple(rows.audit_entry(row, json.loads(row["details"])) for row in found[:limit])
        return Page(items, str(items[-1].seq) if len(found) > limit else "")

    async def last_audit(self) -> int:
        """The number of the newest line; 0 where there is none."""
        return int((await self._rows("select coalesce(max(seq), 0) newest from audit"))[0]["newest"])

    async def verify_audit(self) -> tuple[bool, str]:
        """Recompute the chain."""
        found = await self._rows("select * from audit order by seq")
        return chain.verify((rows.audit_entry(row, {}), row["details"]) for row in found)

    async def list_quarantine(self, *, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """Newest first."""
        return await self._rows(
            "select at, door, problem, body from quarantine order by seq desc limit :limit", limit=limit
        )

    async def list_tokens(self) -> list[StoredToken]:
        """Newest first."""
        return [rows.token(row) for row in await self._rows("select * from tokens order by created_at desc, id desc")]

    async def counts(self) -> Mapping[str, int]:
        """Open incidents by stage."""
        found = await self._rows("select stage, count(*) n from incidents where stage <> 'resolved' group by stage")
        return {row["stage"]: row["n"] for row in found}

    async def metrics(self) -> Mapping[str, float]:
        """Totals that every replica agrees on; rows of large tables as the planner estimates them."""
        found = await self._rows(
            "select (select reltuples from pg_class where oid = 'incidents'::regclass) incidents, "
            "(select coalesce(sum(c.reltuples) filter (where c.reltuples > 0), 0) from pg_inherits h join pg_class c "
            "on c.oid = h.inhrelid where h.inhparent = 'alerts'::regclass) alerts, "
            "(select count(*) from plans where state = 'succeeded') repairs, "
            "(select count(*) from feedback where real) true_positives, "
            "(select count(*) from feedback where not real) false_positives"
        )
        return {name: float(value) for name, value in found[0].items()}

    async def sweep(self, working: Sequence[str]) -> int:
        """Enqueue every incident in a working stage for which no job waits or runs; how many there were.

        A step that waits for a time far ahead was put there by a clock that went back since: it is looked at now.
        """
        async with self.transaction() as tx:
            await tx._do(
                "update procrastinate_jobs set scheduled_at = null where task_name = :task and status = 'todo' "
                "and scheduled_at > now() + make_interval(mins => :most)",
                task=STEP_TASK, most=_LONGEST_WAIT_MINUTES,
            )  # fmt: skip
            found = await tx._rows(
                "select id from incidents i where stage = any(:working) and not exists (select 1 from "
                "procrastinate_jobs j where j.lock = i.id and j.status in ('todo', 'doing'))",
                working=list(working),
            )
            for row in found:
                await tx.defer_step(row["id"])
        return len(found)

    def listen(self, began: Callable[[], None] = lambda: None) -> AsyncIterator[IncidentEvent]:
        """Timeline events as they are committed, from every process."""
        return self._feed.listen(began)

    async def _events(self, ids: Sequence[int]) -> list[IncidentEvent]:
        return [
            rows.event(row)
            for row in await self._rows("select * from events where id = any(:ids) order by id", ids=list(ids))
        ]

    async def healthy(self) -> bool:
        """Does it answer?"""
        try:
            async with asyncio.timeout(_ANSWERS_SECONDS), self._engine.connect() as connection:
                await connection.execute(text("select 1"))
        except (OperationalError, InterfaceError, PoolTimeout, OSError):  # OSError: TimeoutError is one
            return False
        return True

    async def close(self) -> None:
        """Give connections back."""
        await self._feed.close()
        await self._engine.dispose()
        if self._bus is not None:
            await self._bus.close()


def _let_go_of_the_dead(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(_SESSION)
    cursor.close()
    connection.commit()


def _cursor(*parts: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, count: int) -> list[Any]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        parts = None
    if not isinstance(parts, list) or len(parts) != count:
        raise InvalidInput("not a cursor of ours", field="cursor", hint="use the one from the page before")
    return parts


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", error)).strip().splitlines()[0] if str(error).strip() else type(error).__name__
