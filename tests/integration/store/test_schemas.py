"""Every schema that was ever shipped, with data in it, can be brought to today's."""

import asyncio
import re
from pathlib import Path

import psycopg
import pytest

from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import head, libpq_url, migrate
from watchkeeper.store.postgres import PostgresStore

DUMPS = sorted((Path(__file__).parents[2] / "fixtures/schemas").glob("*.sql"))


def test_the_newest_schema_is_kept() -> None:
    assert head() in {dump.stem for dump in DUMPS}


@pytest.mark.parametrize("dump", DUMPS, ids=lambda d: d.stem)
async def test_a_kept_schema_migrates_with_its_data(embedded: EmbeddedDatabase, dump: Path) -> None:
    embedded._server.psql(f"create database kept_{dump.stem}")
    url = embedded.url(f"kept_{dump.stem}")
    # psql's own commands and the settings of the dumping session are not SQL of ours.
    text = "\n".join(line for line in dump.read_text().splitlines() if not re.match(r"\\|SET |SELECT pg_catalog", line))
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(text.encode())
    assert await asyncio.to_thread(migrate, url) == head()
    store = PostgresStore.open(url)
    try:
        page = await store.list_incidents()
        assert [i.id for i in page.items]
        async with store.transaction() as tx:
            for incident in page.items:
                assert await tx.events(incident.id)
                assert await tx.alerts_of(incident.id)
                assert await tx.diagnosis(incident.id) is not None
                for record in await tx.plans_of(incident.id):
                    assert record.plan.intact
        assert (await store.verify_audit())[0]
    finally:
        await store.close()
