"""The live feed: timeline events as they are committed, by WebSocket and as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from watchkeeper.api import shown
from watchkeeper.api.doorkeeper import TheHouse, Viewer, caller, house_of
from watchkeeper.domain.errors import NotAllowed
from watchkeeper.domain.incident import IncidentEvent
from watchkeeper.workflows.house import House

router = APIRouter(prefix="/api/v1", tags=["live"])

_PAUSE = 15.0
"""Seconds without an event after which a comment is sent: proxies and browsers then know that the line stands."""


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
async def events(house: TheHouse, who: Viewer) -> StreamingResponse:
    """The same as server-sent events; each has the event's id and kind. `ready`: nothing is missed from then on."""
    return StreamingResponse(_frames(house), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _frames(house: House) -> AsyncIterator[str]:
    waiting: asyncio.Queue[str | None] = asyncio.Queue()
    task = asyncio.create_task(_pump(house, waiting))
    try:
        yield "retry: 3000\n\n"
        while True:
            try:
                frame = await asyncio.wait_for(waiting.get(), _PAUSE)
            except TimeoutError:
                frame = ": still here\n\n"
            if frame is None:
                return
            yield frame
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _pump(house: House, waiting: asyncio.Queue[str | None]) -> None:
    """Until the feed ends, as it does for a reader that is too far behind."""
    async for event in house.store.listen(lambda: waiting.put_nowait("event: ready\ndata: {}\n\n")):
        if waiting.qsize() > 1000:
            break
        waiting.put_nowait(_frame(event))
    waiting.put_nowait(None)


def _frame(event: IncidentEvent) -> str:
    return f"id: {event.id}\nevent: timeline\ndata: {json.dumps(shown.event(event))}\n\n"
