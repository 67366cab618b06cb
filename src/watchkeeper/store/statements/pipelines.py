"""Runs of CI systems: implements `store.ports.pipelines.PipelineRecords`."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from watchkeeper.domain.errors import NotFound
from watchkeeper.domain.redaction import redact, redact_json
from watchkeeper.store.ports.pipelines import PipelineNotice, PipelineRun, TemplateHistory
from watchkeeper.store.statements.connection import Statements

_COLUMNS = tuple(PipelineRun.__dataclass_fields__)
_TOP = 20


class PipelineStatements(Statements):
    """Implements `store.ports.pipelines.PipelineRecords`."""

    async def add_notice(self, system: str, delivery: str, repository: str, run_id: str, at: datetime) -> bool:
        """False where the same delivery was kept before."""
        return await self._do(
            "insert into pipeline_notices (system, delivery, repository, run_id, received_at, due_at) "
            "values (:system, :delivery, :repository, :run, :at, :at) on conflict (system, delivery) do nothing",
            system=system, delivery=delivery[:300], repository=repository, run=run_id, at=at,
        ) == 1  # fmt: skip

    async def due_notices(self, at: datetime, limit: int = 20) -> list[PipelineNotice]:
        """Oldest first, locked."""
        found = await self._rows(
            "select id, system, repository, run_id, tries from pipeline_notices where due_at <= :at "
            "order by due_at, id limit :limit for update skip locked",
            at=at, limit=limit,
        )  # fmt: skip
        return [PipelineNotice(**row) for row in found]

    async def settle_notice(self, notice_id: int, *, again_at: datetime | None = None, problem: str = "") -> None:
        """The row stays, so that a delivery that comes again is known."""
        await self._do(
            "update pipeline_notices set due_at = :again, tries = tries + 1, problem = :problem where id = :id",
            id=notice_id, again=again_at, problem=redact(problem),
        )  # fmt: skip

    async def save_pipeline_run(self, run: PipelineRun) -> None:
        """Insert or write over."""
        values = asdict(run)
        values["body"] = json.dumps(redact_json(dict(run.body)), default=str)
        for name in ("name", "template"):
            values[name] = redact(values[name])
        marks = ", ".join("cast(:body as jsonb)" if c == "body" else f":{c}" for c in _COLUMNS)
        sets = ", ".join(f"{c} = excluded.{c}" for c in _COLUMNS if c != "id")
        await self._do(
            f"insert into pipeline_runs ({', '.join(_COLUMNS)}) values ({marks}) on conflict (id) do update set {sets}",  # noqa: S608
            **values,
        )

    async def pipeline_run(self, run_id: str) -> PipelineRun:
        """Raises NotFound."""
        row = await self._row("select * from pipeline_runs where id = :id", id=run_id)
        if row is None:
            raise NotFound(f"no pipeline run {run_id}")
        return _run(row)

    async def pipeline_runs(
        self, *, before: datetime | None = None, limit: int = 50, repository: str = "", state: str = ""
    ) -> list[PipelineRun]:
        """Newest first."""
        found = await self._rows(
            "select * from pipeline_runs where (cast(:before as timestamptz) is null or started_at < :before) "
            "and (:repository = '' or repository = :repository) and (:state = '' or state = :state) "
            "order by started_at desc, id desc limit :limit",
            before=before, repository=repository, state=state, limit=limit,
        )  # fmt: skip
        return [_run(row) for row in found]

    async def failed_before(self, run: PipelineRun) -> list[PipelineRun]:
        """Of the same pipeline and commit."""
        found = await self._rows(
            "select * from pipeline_runs where system = :system and repository = :repository and name = :name "
            "and sha = :sha and sha <> '' and state = 'failed' and not flaky and started_at <= :at and id <> :id",
            system=run.system, repository=run.repository, name=run.name, sha=run.sha, at=run.started_at, id=run.id,
        )  # fmt: skip
        return [_run(row) for row in found]

    async def open_failure(self, run: PipelineRun) -> PipelineRun | None:
        """The first since the last that passed."""
        row = await self._row(
            "select * from pipeline_runs r where system = :system and repository = :repository and name = :name "
            "and branch = :branch and state = 'failed' and started_at < :at and not exists (select 1 from pipeline_runs p "
            "where p.system = r.system and p.repository = r.repository and p.name = r.name and p.branch = r.branch "
            "and p.state = 'passed' and p.started_at > r.started_at and p.started_at < :at) order by started_at limit 1",
            system=run.system, repository=run.repository, name=run.name, branch=run.branch, at=run.started_at,
        )  # fmt: skip
        return _run(row) if row else None

    async def template_history(self, run: PipelineRun, template: str) -> TemplateHistory:
        """Other commits of the repository."""
        row = await self._row(
            "select count(*) as failures, count(distinct branch) as branches, count(*) filter (where flaky) as passed "
            "from pipeline_runs where repository = :repository and template = :template and template <> '' "
            "and state = 'failed' and sha <> :sha",
            repository=run.repository, template=redact(template), sha=run.sha,
        )  # fmt: skip
        assert row is not None
        return TemplateHistory(row["failures"], row["branches"], row["passed"])

    async def pipeline_statistics(self, since: datetime) -> Mapping[str, Any]:
        """Top causes, flaky lines, and time that failed runs took."""
        causes = await self._rows(
            "select category, count(*) as failures, count(*) filter (where flaky) as flaky, sum(seconds) as seconds "
            "from pipeline_runs where state = 'failed' and started_at >= :since group by category "
            "order by failures desc, category limit :top",
            since=since, top=_TOP,
        )  # fmt: skip
        flaky = await self._rows(
            "select repository, template, count(*) as failures, sum(seconds) as seconds, max(started_at) as last_at "
            "from pipeline_runs where flaky and started_at >= :since group by repository, template "
            "order by failures desc, template limit :top",
            since=since, top=_TOP,
        )  # fmt: skip
        lost = await self._rows(
            "select repository, name, count(*) as failures, sum(seconds) as seconds from pipeline_runs "
            "where state = 'failed' and started_at >= :since group by repository, name "
            "order by seconds desc, repository limit :top",
            since=since, top=_TOP,
        )  # fmt: skip
        return {"causes": causes, "flaky": flaky, "time_lost": lost}


def _run(row: Mapping[str, Any]) -> PipelineRun:
    return PipelineRun(**{name: row[name] for name in _COLUMNS})
