"""The first schema: incidents, alerts, plans, decisions, timeline, audit, jobs."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None

TABLES = """
create table incidents (
    id text primary key,
    title text not null, stage text not null, severity text not null, environment text not null,
    namespace text not null, service text not null,
    opened_at timestamptz not null, onset timestamptz not null, updated_at timestamptz not null,
    resolved_at timestamptz,
    root_cause text not null default '', cause_service text not null default '', cause_kind text not null default '',
    confidence double precision, because text not null default '',
    attempt integer not null default 0, version integer not null default 0
);
create index incidents_newest on incidents (opened_at desc, id desc);
create index incidents_open on incidents (stage) where stage <> 'resolved';

create table alerts (
    seq bigint generated always as identity primary key,
    source text not null, fingerprint text not null, starts_at timestamptz not null, status text not null,
    incident_id text not null default '', because text not null, body jsonb not null,
    received_at timestamptz not null,
    unique (source, fingerprint, starts_at, status)
);
create index alerts_of_incident on alerts (incident_id, seq);

create table diagnoses (
    seq bigint generated always as identity primary key,
    incident_id text not null references incidents, at timestamptz not null, body jsonb not null
);
create index diagnoses_of_incident on diagnoses (incident_id, seq desc);

create table plans (
    id text primary key,
    incident_id text not null references incidents, target text not null, state text not null,
    created_at timestamptz not null, body jsonb not null, verdict jsonb not null, facts jsonb not null default '{}'
);
create index plans_of_incident on plans (incident_id, created_at desc);
create index plans_on_target on plans (target, created_at desc);

create table approvals (
    seq bigint generated always as identity primary key,
    plan_id text not null unique references plans, plan_digest text not null, decision text not null,
    by_whom text not null, role text not null, door text not null, at timestamptz not null, reason text not null
);

create table events (
    id bigint generated always as identity primary key,
    incident_id text not null references incidents, at timestamptz not null, kind text not null,
    text text not null, data jsonb not null
);
create index events_of_incident on events (incident_id, id);

create table changes (
    id text primary key,
    at timestamptz not null, kind text not null, service text not null, body jsonb not null
);
create index changes_by_time on changes (at);

create table audit (
    seq bigint primary key,
    at timestamptz not null, actor text not null, action text not null, subject text not null,
    details text not null, previous text not null, digest text not null
);
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is append-only';
end $$;
create trigger audit_keeps before update or delete or truncate on audit
    for each statement execute function audit_is_append_only();

create table quarantine (
    seq bigint generated always as identity primary key,
    at timestamptz not null, door text not null, problem text not null, body text not null
);

create table tokens (
    id text primary key,
    name text not null, role text not null, secret_hash text not null unique,
    created_at timestamptz not null, expires_at timestamptz, revoked boolean not null default false
);

create table flags (name text primary key, value text not null);

create table calls (
    caller text not null, callee text not null, origin text not null, seen_at timestamptz not null,
    primary key (caller, callee)
);

create table spending (
    account text primary key, queries bigint not null, bytes bigint not null, series bigint not null,
    seconds double precision not null, at timestamptz not null default now()
);
"""


def upgrade() -> None:
    for statement in (TABLES, SchemaManager.get_schema()):
        op.get_bind().connection.driver_connection.execute(statement)  # type: ignore[union-attr]
