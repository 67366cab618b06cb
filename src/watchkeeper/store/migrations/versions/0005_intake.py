"""Alerts and events by week, so that old ones go by dropping a table; what grouping needs, kept small; indexes for lists."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
create function keep_partition(parent text, start date) returns boolean language plpgsql as $$
declare
    part text := parent || '_' || to_char(start, 'YYYYMMDD');
    key text := case parent when 'alerts' then 'starts_at' else 'at' end;
    low timestamptz := start::timestamp at time zone 'UTC';
    high timestamptz := (start + 7)::timestamp at time zone 'UTC';
begin
    if to_regclass(part) is not null then
        return false;
    end if;
    execute format('create table %I (like %I including defaults)', part, parent);
    execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
        parent || '_other', key, low, key, high, part);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, low, high);
    return true;
end $$;

create function drop_partition(parent text, part text) returns void language plpgsql as $$
begin
    execute format('alter table %I detach partition %I', parent, part);
    execute format('insert into %I select p.* from %I p join incidents i on i.id = p.incident_id and i.stage <> ''resolved''',
        parent, part);
    execute format('drop table %I', part);
end $$;

alter table alerts rename to alerts_before;
alter table alerts_before drop constraint alerts_source_fingerprint_starts_at_status_key;
drop index alerts_of_incident;
create sequence alerts_seq as bigint;
create table alerts (
    seq bigint not null default nextval('alerts_seq'),
    source text not null, fingerprint text not null, starts_at timestamptz not null, status text not null,
    incident_id text not null default '', because text not null, body jsonb not null,
    received_at timestamptz not null,
    unique (source, fingerprint, starts_at, status)
) partition by range (starts_at);
create table alerts_other partition of alerts default;
create index alerts_of_incident on alerts (incident_id, seq);
create index alerts_newest on alerts (seq);
insert into alerts select seq, source, fingerprint, starts_at, status, incident_id, because, body, received_at from alerts_before;
select setval('alerts_seq', greatest((select max(seq) from alerts), 1));
drop table alerts_before;

alter table events rename to events_before;
alter table events_before drop constraint events_pkey;
drop index events_of_incident;
create sequence events_id as bigint;
create table events (
    id bigint not null default nextval('events_id'),
    incident_id text not null, at timestamptz not null, kind text not null,
    text text not null, data jsonb not null, owed boolean not null default false,
    primary key (id, at)
) partition by range (at);
create table events_other partition of events default;
create index events_of_incident on events (incident_id, id);
create index events_owed on events (id) where owed;
insert into events select id, incident_id, at, kind, text, data, false from events_before;
select setval('events_id', greatest((select max(id) from events), 1));
drop table events_before;

select keep_partition(parent, date_trunc('week', now() at time zone 'UTC')::date + 7 * week)
    from unnest(array['alerts', 'events']) parent, generate_series(-1, 4) week order by week;

create index alerts_by_time on alerts (received_at);
create index events_by_time on events (at, kind);
create index incidents_by_stage on incidents (stage, opened_at desc, id desc);
create index incidents_by_severity on incidents (severity, opened_at desc, id desc);
create index procrastinate_jobs_by_lock on procrastinate_jobs (lock) where status in ('todo', 'doing');

create table standing (
    source text not null, fingerprint text not null, firing boolean not null, starts_at timestamptz not null,
    incident_id text not null, severity text not null, content text not null, seen_at timestamptz not null,
    changed timestamptz[] not null default '{}',
    primary key (source, fingerprint)
);
create index standing_of_incident on standing (incident_id);
create index standing_seen on standing (seen_at);

create table situations (
    incident_id text primary key references incidents,
    last_at timestamptz not null, version bigint not null, body jsonb not null
);
create index situations_newest on situations (last_at desc);
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(TABLES)  # type: ignore[union-attr]
