"""Runs and statistics as values for the API, the console and answers: one place that reads them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.pipelines.words import title_of
from watchkeeper.store.ports.pipelines import PipelineRun
from watchkeeper.workflows.house import House


async def list_runs(
    house: House, *, before: datetime | None = None, limit: int = 50, repository: str = "", state: str = ""
) -> list[PipelineRun]:
    """Newest first."""
    async with house.store.transaction() as tx:
        return await tx.pipeline_runs(before=before, limit=limit, repository=repository, state=state)


async def one_run(house: House, run_id: str) -> PipelineRun:
    """Raises NotFound."""
    async with house.store.transaction() as tx:
        return await tx.pipeline_run(run_id)


async def statistics(house: House, days: float = 30) -> Mapping[str, Any]:
    """Top causes, flaky lines, time lost, of the last days."""
    async with house.store.transaction() as tx:
        return await tx.pipeline_statistics(house.clock.now() - timedelta(days=days))


def row(run: PipelineRun, *, whole: bool = False) -> dict[str, Any]:
    """As the API shows it; `whole` with the findings."""
    out = {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in asdict(run).items() if k != "body"}
    out["meaning"] = title_of(run.category) if run.state == "failed" else ""
    return {**out, **dict(run.body)} if whole else out
