"""Incidents that are over, their vectors, runbooks and post-mortems."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    "create table memories (incident_id text primary key references incidents on delete cascade, "
    "ended timestamptz not null, body jsonb not null)",
    "create index memories_by_end on memories (ended desc)",
    "create sequence memory_writes",
    "create table memory_vectors (incident_id text not null references memories on delete cascade, embedder text not null, "
    "seq bigint not null, data bytea not null, primary key (incident_id, embedder))",
    "create index memory_vectors_news on memory_vectors (embedder, seq)",
    "create table articles (source text not null, key text not null, digest text not null, body jsonb not null, "
    "updated_at timestamptz not null, primary key (source, key))",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
