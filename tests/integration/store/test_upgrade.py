"""An incident that waited for a person when the schema was the first one, finishes after the migration."""

import asyncio
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from integration.night import night
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.remediation import Decision
from watchkeeper.domain.severity import Role
from watchkeeper.store.codec import plan_from_json
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import head, libpq_url, migrate
from watchkeeper.store.port import PlanState
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.decide import decide

DUMP = Path(__file__).parents[2] / "fixtures/schemas/0001.sql"
PARKED = """
update incidents set stage = 'awaiting_approval', resolved_at = null, attempt = 0;
update plans set state = 'proposed', facts = '{}';
delete from approvals;
delete from alerts where status = 'resolved';
delete from events where kind not in ('incident.opened', 'alert.joined', 'incident.diagnosed', 'plan.proposed', 'approval.requested');
"""
"""The kept incident as it stood before anybody answered."""


async def test_an_incident_parked_by_the_first_schema_finishes_after_the_migration(embedded: EmbeddedDatabase) -> None:
    embedded._server.psql("create database parked_0001")
    url = embedded.url("parked_0001")
    text = "\n".join(line for line in DUMP.read_text().splitlines() if not re.match(r"\\|SET |SELECT pg_catalog", line))
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(text.encode())
        connection.execute(PARKED.encode())
        row = connection.execute("select body from public.plans").fetchone()
    assert row is not None
    plan = plan_from_json(row[0] if isinstance(row[0], dict) else json.loads(row[0]))
    assert plan.intact
    assert await asyncio.to_thread(migrate, url) == head()
    created: datetime = plan.created_at
    async with night(url, plan, ManualClock(created + timedelta(minutes=1))) as here:
        await decide(
            here.house, plan.id, digest=plan.digest, decision=Decision.APPROVED, by="ann", role=Role.APPROVER, door="api", reason=""
        )  # fmt: skip
        done = await here.step(10)
        assert done.stage is Stage.RESOLVED, await here.words()
        assert here.host.merges == 1
        assert (await here.record()).state is PlanState.SUCCEEDED
        assert (await here.store.verify_audit())[0]
