"""Alerts in: stored with the job they cause, then 2xx; 503 when not stored."""

import json
from typing import Any

from fastapi import APIRouter, Request

from watchkeeper.api.doorkeeper import TheHouse, access_of
from watchkeeper.domain.errors import ConfigurationError, InvalidInput, NotFound
from watchkeeper.shelf import plugin
from watchkeeper.workflows.receive_alerts import receive_alerts

router = APIRouter(tags=["alerts"])


@router.post("/api/v1/webhooks/{sender}", status_code=202)
async def webhook(sender: str, request: Request, house: TheHouse) -> dict[str, Any]:
    """Take in alerts of one sender of the shelf. Repeated deliveries change nothing."""
    access_of(request).may_deliver(request.headers, request.client.host if request.client else "")
    try:
        read = plugin("watchkeeper.api.webhooks", "read", sender)
    except ConfigurationError as error:
        raise NotFound(str(error), hint=error.hint) from None
    body = await request.body()
    try:
        payload = json.loads(body)
        if not isinstance(payload, dict):
            raise InvalidInput("an object is expected", field="(body)")
        alerts = read(payload, house.clock.now())
    except (ValueError, InvalidInput) as error:
        words = str(error) if isinstance(error, InvalidInput) else f"not JSON: {error}"
        async with house.store.transaction() as tx:
            await tx.quarantine(sender, body, words, house.clock.now())
        raise InvalidInput(words, field=getattr(error, "field", "(body)")) from None
    receipt = await receive_alerts(house, alerts)
    return {"accepted": receipt.accepted, "duplicates": receipt.duplicates, "incidents": list(receipt.incidents)}
