"""What language models cost, and their cached answers."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute(
        "create table model_spending (account text primary key, tokens bigint not null, cost double precision not null, "
        "at timestamptz not null, said boolean not null default false)"
    )
    op.execute("create table model_answers (key text primary key, body jsonb not null, at timestamptz not null)")
