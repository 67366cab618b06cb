"""The list of incidents."""

from watchkeeper.access.tokens import Principal
from watchkeeper.console.render import ago, render
from watchkeeper.domain.incident import Stage
from watchkeeper.workflows.house import House


async def page(house: House, principal: Principal, cursor: str, stage: str) -> str:
    """Newest first, fifty at a time."""
    wanted = Stage(stage) if stage in set(Stage) else None
    found = await house.store.list_incidents(cursor=cursor, limit=50, stage=wanted)
    now = house.clock.now()
    rows = [{"incident": i, "ago": ago(i.opened_at, now)} for i in found.items]
    return render(
        "incidents.html", title="Incidents", principal=principal, rows=rows, cursor=found.cursor, stage=stage, stages=list(Stage),
        dry_run=house.settings.remediation.dry_run,
    )  # fmt: skip
