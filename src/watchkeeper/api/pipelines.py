"""CI runs: the doors of their webhooks, and what was found."""

from typing import Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from watchkeeper.api.doorkeeper import TheHouse, Viewer
from watchkeeper.domain.errors import InvalidInput, NotAllowed, NotFound
from watchkeeper.workflows import pipelines_shown as shown
from watchkeeper.workflows.review_pipeline import announce

router = APIRouter(prefix="/api/v1/pipelines", tags=["pipelines"])
LARGEST = 5 * 1024 * 1024


@router.post("/webhooks/{system}", status_code=202)
async def webhook(system: str, request: Request, house: TheHouse) -> dict[str, Any]:
    """News of a run. It is checked, kept and looked at later; the same delivery twice changes nothing."""
    ci = house.ci.get(system.replace("-", "_"))
    if ci is None:
        raise NotFound(f"no CI system named {system!r} is configured", hint="set its webhook secret under `ci`")
    body = await request.body()
    if len(body) > LARGEST:
        raise InvalidInput("the body is larger than 5 MiB", field="(body)")
    try:
        notice = ci.notice(request.headers, body)
    except NotAllowed as error:
        raise NotAllowed(f"{error} (no valid token)", hint=error.hint) from None
    if notice is None:
        return {"accepted": False, "duplicate": False}
    fresh = await announce(house, ci.name, notice)
    return {"accepted": True, "duplicate": not fresh}


@router.get("")
async def list_runs(
    house: TheHouse, who: Viewer, before: AwareDatetime | None = None, limit: int = Query(50, ge=1, le=500),
    repository: str = "", state: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Newest first; `before` of one page asks for the next."""
    found = await shown.list_runs(house, before=before, limit=limit, repository=repository, state=state)
    following = found[-1].started_at.isoformat() if len(found) == limit else ""
    return {"items": [shown.row(r) for r in found], "before": following}


@router.get("/statistics")
async def statistics(house: TheHouse, who: Viewer, days: float = Query(30, gt=0, le=366)) -> dict[str, Any]:
    """Top causes, flaky lines, time lost."""
    return dict(await shown.statistics(house, days))


@router.get("/{run_id:path}")
async def one_run(run_id: str, house: TheHouse, who: Viewer) -> dict[str, Any]:
    """A run with its findings."""
    return shown.row(await shown.one_run(house, run_id), whole=True)
