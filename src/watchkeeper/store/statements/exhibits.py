"""Exhibits: one row an incident."""

import json
from collections.abc import Sequence
from typing import Annotated

from pydantic import Discriminator, Tag, TypeAdapter

from watchkeeper.domain.exhibit import Exhibit, LinesExhibit, MapExhibit, SeriesExhibit, TraceExhibit
from watchkeeper.store.statements.connection import Statements

_ANY = Annotated[
    Annotated[SeriesExhibit, Tag("series")] | Annotated[LinesExhibit, Tag("lines")]
    | Annotated[TraceExhibit, Tag("trace")] | Annotated[MapExhibit, Tag("map")],
    Discriminator(lambda value: value["kind"] if isinstance(value, dict) else value.kind),
]  # fmt: skip
_EXHIBITS: TypeAdapter[tuple[Exhibit, ...]] = TypeAdapter(tuple[_ANY, ...])


class ExhibitStatements(Statements):
    """Implements `store.ports.exhibits.ExhibitRecords`."""

    async def save_exhibits(self, incident_id: str, exhibits: Sequence[Exhibit]) -> None:
        """In place of those of an earlier diagnosis."""
        await self._do(
            "insert into exhibits (incident_id, body) values (:id, cast(:body as jsonb)) "
            "on conflict (incident_id) do update set body = excluded.body",
            id=incident_id, body=_EXHIBITS.dump_json(tuple(exhibits)).decode(),
        )  # fmt: skip

    async def exhibits_of(self, incident_id: str) -> tuple[Exhibit, ...]:
        """In the order they were saved."""
        row = await self._row("select body from exhibits where incident_id = :id", id=incident_id)
        return _EXHIBITS.validate_json(json.dumps(row["body"])) if row else ()
