"""When each periodic job is due."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("create table periodic_jobs (name text primary key, due_at timestamptz not null)")
