"""What the scanner remembers between runs, what it saw, and what people said of it."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = (
    "create table watch_shards (shard text primary key, until double precision not null, state bytea not null)",
    "create table sightings (fingerprint text primary key, service text not null, namespace text not null, "
    "began timestamptz not null, last timestamptz not null, opens boolean not null, "
    "incident_id text not null default '', body jsonb not null)",
    "create index sightings_newest on sightings (began desc)",
    "create index sightings_of_service on sightings (service, began desc)",
    "create index sightings_of_incident on sightings (incident_id) where incident_id <> ''",
    "create table feedback (subject text not null, service text not null, real boolean not null, by_whom text not null, "
    "at timestamptz not null, words text not null default '', primary key (subject, service))",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
