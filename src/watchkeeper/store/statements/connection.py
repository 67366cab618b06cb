"""Statements on one connection. A topic of the store is one subclass, mixed into `PostgresTransaction`."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Statements:
    """What every topic uses; the surrounding block commits."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.told: list[int] = []
        """ids of the timeline events written; the store tells them after the commit"""

    async def _rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        result = await self._connection.execute(text(statement), values)
        return [dict(row) for row in result.mappings()]

    async def _row(self, statement: str, **values: Any) -> dict[str, Any] | None:
        found = await self._rows(statement, **values)
        return found[0] if found else None

    async def _do(self, statement: str, **values: Any) -> int:
        return (await self._connection.execute(text(statement), values)).rowcount

    async def lock(self, key: str) -> None:
        """An advisory lock until the end of the transaction."""
        await self._do("select pg_advisory_xact_lock(hashtextextended(:key, 0))", key=key)
