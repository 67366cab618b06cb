"""What people say about alerts: silences read elsewhere, accepted issues, corrections of grouping; when senders were heard."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
create table silences (
    id text primary key, origin text not null, starts_at timestamptz not null, ends_at timestamptz not null, body jsonb not null
);
create table known_issues (
    id text primary key, expires_at timestamptz not null, body jsonb not null
);
create table corrections (
    seq bigint generated always as identity primary key, at timestamptz not null, body jsonb not null
);
create table heard (
    name text primary key, at timestamptz not null
);
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(TABLES)  # type: ignore[union-attr]
