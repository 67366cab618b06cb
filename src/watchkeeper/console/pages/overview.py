"""The first look: what is open, what was spared, and what the machine did while you slept."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from watchkeeper.console.charts.sparkline import heat_map
from watchkeeper.console.page import Page, Visit
from watchkeeper.console.render import ago, lasting
from watchkeeper.domain.incident import Stage

_NIGHT = timedelta(hours=12)
_WEEK = timedelta(days=7)
_DONE = (
    "change.started",
    "change.merged",
    "change.undone",
    "incident.resolved",
    "incident.escalated",
    "approval.granted",
)
_MOST_LINES, _MOST_ROWS = 20, 12


async def _show(visit: Visit) -> Mapping[str, object]:
    async with visit.house.store.transaction() as tx:
        day, week = await tx.summary(visit.now - timedelta(days=1)), await tx.summary(visit.now - _WEEK)
        night = await tx.told_since(visit.now - _NIGHT, _DONE, _MOST_LINES)
    counts = await visit.house.store.counts()
    newest = await visit.house.store.list_incidents(limit=_MOST_ROWS)
    fewer = 1 - day.incidents / day.alerts if day.alerts else None
    return {
        "with_people": sum(counts.get(str(stage), 0) for stage in (Stage.ESCALATED, Stage.ROLLED_BACK)),
        "day": day, "week": week, "night": night, "fewer": fewer, "rows": [{"incident": i, "ago": ago(i.opened_at, visit.now)} for i in newest.items],
        "median": lasting(week.median_resolution) if week.median_resolution is not None else "none yet",
        "slowest": lasting(week.slowest_resolution) if week.slowest_resolution is not None else "",
        "heat": _by_hour(visit, [(i.service or "unknown", i.opened_at) for i in newest.items]),
    }  # fmt: skip


def _by_hour(visit: Visit, opened: list[tuple[str, datetime]]) -> object:
    """Where and when the newest incidents began, over the last day."""
    hours = [(visit.now - timedelta(hours=n)).replace(minute=0, second=0, microsecond=0) for n in range(23, -1, -1)]
    counts = Counter((service, at.replace(minute=0, second=0, microsecond=0)) for service, at in opened)
    names = sorted({service for service, _ in counts})
    rows = [(name, [counts[name, hour] for hour in hours]) for name in names]
    return (
        heat_map(rows, [h.strftime("%H") for h in hours], "heat", "Newest incidents of the last day by hour (UTC)")
        if rows
        else ""
    )


PAGE = Page("/", "Overview", "overview.html", _show, order=10, icon="overview", live="list")
