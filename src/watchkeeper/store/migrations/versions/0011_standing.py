"""What we would have done beside what people did, and which actions an admin lets act alone."""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = (
    "create table shadows (incident_id text primary key references incidents, plan_id text not null, action text not null, "
    "namespace text not null, target text not null, planned_at timestamptz not null, snapshot jsonb not null)",
    "create table outcomes (incident_id text not null, plan_id text not null, action text not null, namespace text not null, "
    "word text not null, because text not null, minutes double precision not null, at timestamptz not null, "
    "primary key (incident_id, plan_id))",
    "create index outcomes_of_action on outcomes (action, namespace, at)",
    "create table grants (action text not null, namespace text not null, by_whom text not null, at timestamptz not null, "
    "primary key (action, namespace))",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
