"""Runs of CI systems and the news of them."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        "create table pipeline_notices ("
        "id bigint generated always as identity primary key, system text not null, delivery text not null, "
        "repository text not null, run_id text not null, received_at timestamptz not null, due_at timestamptz, "
        "tries integer not null default 0, problem text not null default '', unique (system, delivery))"
    )
    op.execute("create index pipeline_notices_due on pipeline_notices (due_at) where due_at is not null")
    op.execute(
        "create table pipeline_runs ("
        "id text primary key, system text not null, repository text not null, run_id text not null, attempt integer not null, "
        "name text not null, branch text not null, sha text not null, state text not null, url text not null, author text not null, "
        "started_at timestamptz not null, finished_at timestamptz, seconds double precision not null, pull_request bigint, "
        "category text not null, template text not null, flaky boolean not null, body jsonb not null)"
    )
    op.execute("create index pipeline_runs_started on pipeline_runs (started_at desc)")
    op.execute("create index pipeline_runs_template on pipeline_runs (repository, template) where state = 'failed'")
    op.execute("create index pipeline_runs_commit on pipeline_runs (repository, name, sha)")
