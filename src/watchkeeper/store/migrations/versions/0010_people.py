"""People and the names they go by; approvals of two people; targets that a person took over."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = (
    "create table people (name text primary key, role text not null, kind text not null, active boolean not null default true)",
    "create table identities (door text not null, subject text not null, person text not null references people, primary key (door, subject))",
    "alter table approvals add column person text not null default ''",
    "alter table approvals drop constraint approvals_plan_id_key",
    "create unique index approvals_once on approvals (plan_id, (case when person = '' then by_whom else person end))",
    "create table takeovers (seq bigint generated always as identity primary key, incident_id text not null references incidents, "
    "targets text[] not null, by_whom text not null, door text not null, reason text not null, at timestamptz not null, "
    "until timestamptz not null)",
    "create index takeovers_until on takeovers (until)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
