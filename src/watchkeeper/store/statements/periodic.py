"""Jobs that run every so often: due times, claimed by whichever worker looks first."""

from collections.abc import Mapping
from datetime import datetime

from watchkeeper.store.statements.connection import Statements

PERIODIC_TASK = "run_periodic"
PERIODIC_QUEUE = "periodic"


class PeriodicStatements(Statements):
    """Implements `store.ports.periodic.PeriodicRecords`."""

    async def claim_periodic(self, every: Mapping[str, float], at: datetime) -> list[str]:
        """Enqueue what is due; a job that still waits or runs from last time is not doubled.

        Due minutes further ahead than its own interval: a clock went back since, so it is due now. Clocks of workers
        that differ by less claim nothing twice.
        """
        found = await self._rows(
            "insert into periodic_jobs (name, due_at) "
            "select name, cast(:at as timestamptz) + make_interval(secs => seconds) from "
            "unnest(cast(:names as text[]), cast(:seconds as double precision[])) as e (name, seconds) order by name "
            "on conflict (name) do update set due_at = excluded.due_at "
            "where periodic_jobs.due_at <= :at or periodic_jobs.due_at > excluded.due_at + interval '5 minutes' "
            "returning name",
            at=at, names=list(every), seconds=[float(s) for s in every.values()],
        )  # fmt: skip
        names = [row["name"] for row in found]
        for name in names:
            await self._do(
                "select procrastinate_defer_jobs_v1(array[row(cast(:queue as varchar), cast(:task as varchar), 0, "
                "cast(:name as text), null, jsonb_build_object('name', cast(:name as text)), null)"
                "::procrastinate_job_to_defer_v1]) where not exists (select 1 from procrastinate_jobs "
                "where task_name = :task and lock = :name and status in ('todo', 'doing'))",
                queue=PERIODIC_QUEUE, task=PERIODIC_TASK, name=name,
            )  # fmt: skip
        return names
