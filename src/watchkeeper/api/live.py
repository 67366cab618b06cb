"""The live feed: timeline events as they are committed, by WebSocket and as server-sent events."""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from watchkeeper.api import shown
from watchkeeper.api.doorkeeper import TheHouse, Viewer, caller, house_of
from watchkeeper.domain.errors import NotAllowed

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """One JSON object a timeline event."""
    try:
        await caller(socket)
    except NotAllowed as error:
        await socket.close(code=4401, reason=str(error)[:120])
        return
    await socket.accept()
    try:
        async for event in house_of(socket).store.listen():
            await socket.send_json(shown.event(event))
    except WebSocketDisconnect:
        return


@router.get("/events")
async def events(request: Request, house: TheHouse, who: Viewer) -> StreamingResponse:
    """The same as server-sent events; each has the event's id and kind."""

    async def frames() -> AsyncIterator[str]:
        yield "retry: 3000\n\n"
        async for event in house.store.listen():
            if await request.is_disconnected():
                return
            yield f"id: {event.id}\nevent: timeline\ndata: {json.dumps(shown.event(event))}\n\n"

    return StreamingResponse(frames(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
