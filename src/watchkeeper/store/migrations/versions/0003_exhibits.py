"""What the incident page draws, and indexes for the first page of the console."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    "create table exhibits (incident_id text primary key references incidents on delete cascade, body jsonb not null)",
    "create index if not exists incidents_by_end on incidents (resolved_at) where resolved_at is not null",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
