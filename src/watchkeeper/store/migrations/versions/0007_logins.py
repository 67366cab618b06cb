"""Local logins and sessions."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("create table logins (name text primary key, password text not null, role text not null)")
    op.execute(
        "create table sessions (secret_hash text primary key, name text not null, role text not null, "
        "directory text not null, expires_at timestamptz not null)"
    )
