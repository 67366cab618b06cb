"""Runs of CI systems: what was announced and is still to be looked at, what was found, and what it adds up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PipelineNotice:
    """News of a run that is still to be looked at."""

    id: int
    system: str
    repository: str
    run_id: str
    tries: int


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """A run with what was thought of it. `seconds`: from start to end; `body` is JSON: findings, jobs, words."""

    id: str
    system: str
    repository: str
    run_id: str
    attempt: int
    name: str
    branch: str
    sha: str
    state: str
    url: str
    author: str
    started_at: datetime
    finished_at: datetime | None
    seconds: float
    pull_request: int | None = None
    category: str = ""
    template: str = ""
    flaky: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TemplateHistory:
    """How often a template failed before, on how many branches, and how often the same commit then passed."""

    failures: int
    branches: int
    passed_again: int


class PipelineRecords(Protocol):
    """Runs and news of them."""

    async def add_notice(self, system: str, delivery: str, repository: str, run_id: str, at: datetime) -> bool:
        """Keep news of a run; False where the same delivery was kept before."""
        ...

    async def due_notices(self, at: datetime, limit: int = 20) -> list[PipelineNotice]:
        """What is to be looked at, oldest first. Rows stay locked until the end: two workers do not share one."""
        ...

    async def settle_notice(self, notice_id: int, *, again_at: datetime | None = None, problem: str = "") -> None:
        """Done; or to be looked at again, because of a problem."""
        ...

    async def save_pipeline_run(self, run: PipelineRun) -> None:
        """Write it over what is kept under the same id; text is redacted."""
        ...

    async def pipeline_run(self, run_id: str) -> PipelineRun:
        """Raises NotFound."""
        ...

    async def pipeline_runs(
        self, *, before: datetime | None = None, limit: int = 50, repository: str = "", state: str = ""
    ) -> list[PipelineRun]:
        """Newest first; `before`: started before."""
        ...

    async def failed_before(self, run: PipelineRun) -> list[PipelineRun]:
        """Failed runs of the same pipeline and commit that started earlier, and are not called flaky yet."""
        ...

    async def open_failure(self, run: PipelineRun) -> PipelineRun | None:
        """The first failed run since the last one that passed, of the same pipeline and branch, before this one."""
        ...

    async def template_history(self, run: PipelineRun, template: str) -> TemplateHistory:
        """Other commits that failed with the same template in the repository."""
        ...

    async def pipeline_statistics(self, since: datetime) -> Mapping[str, Any]:
        """`causes`, `flaky`, `time_lost`: rows for people, most first."""
        ...
