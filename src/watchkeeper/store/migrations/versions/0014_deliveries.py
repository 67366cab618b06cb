"""What each way of telling is still to say, and from when on."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute(
        "create table deliveries (id bigint generated always as identity primary key, announcer text not null, incident_id text not null, "
        "due_at timestamptz not null, rank integer not null, asked_at timestamptz, notice jsonb not null)"
    )
    op.execute("create index deliveries_due on deliveries (announcer, rank, due_at)")
