"""What people asked about an incident, and what they were told."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute(
        "create table conversation (id bigint generated always as identity primary key, incident_id text not null references incidents, "
        "at timestamptz not null, by_whom text not null, door text not null, question text not null, body jsonb not null)"
    )
    op.execute("create index conversation_of_incident on conversation (incident_id, id desc)")
