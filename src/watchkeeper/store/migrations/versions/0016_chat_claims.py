"""Who is about to write an incident's message: a claim with an end, so that no transaction waits for a platform."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """One row where somebody is writing."""
    op.execute(
        "create table chat_claims (platform text not null, incident_id text not null, by text not null, until timestamptz not null, "
        "primary key (platform, incident_id))"
    )


def downgrade() -> None:
    """Without claims."""
    op.execute("drop table chat_claims")
