"""One run of a CI system: the lines that say why it failed, and what to do about it."""

from collections.abc import Mapping

from watchkeeper.console.page import Page, Visit
from watchkeeper.console.render import lasting
from watchkeeper.pipelines.words import title_of
from watchkeeper.workflows.pipelines_shown import one_run


async def _show(visit: Visit) -> Mapping[str, object]:
    run = await one_run(visit.house, visit.path["run_id"])
    return {
        "title": f"{run.name} on {run.branch}", "run": run, "took": lasting(run.seconds), "body": run.body,
        "meaning": title_of(run.category) if run.state == "failed" else "",
    }  # fmt: skip


PAGE = Page("/pipelines/{run_id:path}", "Run", "pipeline.html", _show)
