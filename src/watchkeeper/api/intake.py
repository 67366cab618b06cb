"""Alerts in: stored with the job they cause, then 2xx; 503 when not stored or when too many wait."""

from typing import Any

from fastapi import APIRouter, Request

from watchkeeper.api.delivery import Delivery
from watchkeeper.api.doorkeeper import TheHouse, access_of
from watchkeeper.domain.errors import ConfigurationError, InvalidInput, NotFound
from watchkeeper.shelf import module_of
from watchkeeper.workflows.intake_desk import IntakeDesk

router = APIRouter(tags=["alerts"])
SHELF = "watchkeeper.api.webhooks"


@router.post("/api/v1/webhooks/{sender}", status_code=202)
async def webhook(sender: str, request: Request, house: TheHouse) -> dict[str, Any]:
    """Take in alerts of one sender of the shelf. Repeated deliveries change nothing."""
    try:
        door = module_of(SHELF, "read", sender)
    except ConfigurationError as error:
        raise NotFound(str(error), hint=error.hint) from None
    body = await request.body()
    delivery = Delivery(body, request.headers, request.query_params, house.clock.now(), house.settings.doors)
    proven = getattr(door, "proven", None)
    if proven is None or not proven(delivery):
        access_of(request).may_deliver(request.headers, request.client.host if request.client else "")
    try:
        alerts = door.read(delivery)
    except InvalidInput as error:
        async with house.store.transaction() as tx:
            await tx.quarantine(sender, body, str(error), house.clock.now())
        raise
    desk: IntakeDesk = request.app.state.intake
    receipt = await desk.submit(alerts)
    return {"accepted": receipt.accepted, "duplicates": receipt.duplicates, "incidents": list(receipt.incidents)}
