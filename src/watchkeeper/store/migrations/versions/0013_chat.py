"""Messages in chat and the buttons on them."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute(
        "create table chat_messages (platform text not null, incident_id text not null, place text not null, message text not null, "
        "digest text not null, at timestamptz not null, primary key (platform, incident_id))"
    )
    op.execute(
        "create table chat_buttons (id text primary key, plan_id text not null, incident_id text not null, digest text not null, "
        "at timestamptz not null, unique (plan_id, digest))"
    )
