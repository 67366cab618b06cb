"""Questions about incidents, with their answers."""

import json
from typing import Any

from watchkeeper.domain.redaction import redact, redact_json
from watchkeeper.store.ports.conversation import Exchange
from watchkeeper.store.statements.connection import Statements


class ConversationStatements(Statements):
    """Implements `store.ports.conversation.ConversationRecords`."""

    async def add_exchange(self, exchange: Exchange) -> None:
        """Keep it, redacted."""
        body = {
            "text": redact(exchange.text), "picture": exchange.picture, "links": exchange.links, "nearest": exchange.nearest,
            "data": redact_json(json.loads(json.dumps(dict(exchange.data), default=str))),
        }  # fmt: skip
        await self._do(
            "insert into conversation (incident_id, at, by_whom, door, question, body) "
            "values (:incident, :at, :by, :door, :question, cast(:body as jsonb))",
            incident=exchange.incident_id, at=exchange.at, by=exchange.by, door=exchange.door,
            question=redact(exchange.question), body=json.dumps(body),
        )  # fmt: skip

    async def conversation(self, incident_id: str, limit: int) -> tuple[list[Exchange], int]:
        """The newest, oldest of them first, and how many there are in all."""
        found = await self._rows(
            "select *, count(*) over () as total from conversation where incident_id = :id order by id desc limit :limit",
            id=incident_id,
            limit=limit,
        )
        return [_exchange(row) for row in reversed(found)], found[0]["total"] if found else 0


def _exchange(row: Any) -> Exchange:
    body = row["body"]
    return Exchange(
        row["incident_id"], row["at"], row["by_whom"], row["door"], row["question"], body["text"], body["data"], body["picture"],
        tuple((title, url) for title, url in body["links"]), tuple(body["nearest"]),
    )  # fmt: skip
