"""Runs of the CI systems: what failed, why, what fails by chance, and the time it took."""

from collections.abc import Mapping
from datetime import datetime

from watchkeeper.console.page import Page, Visit
from watchkeeper.console.render import lasting
from watchkeeper.pipelines.words import title_of
from watchkeeper.workflows import pipelines_shown

_MOST = 40


async def _show(visit: Visit) -> Mapping[str, object]:
    state, repository = visit.query.get("state", ""), visit.query.get("repository", "")
    runs = await pipelines_shown.list_runs(
        visit.house, before=_moment(visit.query.get("before", "")), limit=_MOST, repository=repository, state=state
    )
    counted = await pipelines_shown.statistics(visit.house)
    return {
        "rows": [{"run": r, "meaning": title_of(r.category) if r.state == "failed" else "", "took": lasting(r.seconds)} for r in runs],
        "before": runs[-1].started_at.isoformat() if len(runs) == _MOST else "", "state": state, "repository": repository,
        "causes": [{**c, "title": title_of(c["category"]), "lost": lasting(float(c["seconds"] or 0))} for c in counted["causes"]],
        "flaky": counted["flaky"], "lost": [{**row, "lost": lasting(float(row["seconds"] or 0))} for row in counted["time_lost"]],
        "configured": bool(visit.house.ci),
    }  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


PAGE = Page("/pipelines", "Pipelines", "pipelines.html", _show, order=70, icon="pipelines")
