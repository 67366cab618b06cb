"""The live feed over a real socket: WebSocket and server-sent events tell the same."""

import asyncio
import json
from dataclasses import replace

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests_support import INCIDENT, NOW
from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.domain.severity import Role
from watchkeeper.settings import Settings
from watchkeeper.simulate.serve import serving
from watchkeeper.store.postgres import PostgresStore


async def test_both_feeds_tell_a_timeline_event_as_it_is_committed(database_url: str) -> None:
    store = PostgresStore.open(database_url)
    house = front.build_house(Settings(), store)
    access = Access(front.StoredTokens(house), house.ids, Settings().server)
    token = {"Authorization": f"Bearer {await access.issue('eve', Role.VIEWER)}"}
    async with serving({"api": create_app(house, access=access)}) as urls:
        url = urls["api"]
        socket_url = f"{url.replace('http', 'ws')}/api/v1/live"
        with pytest.raises(InvalidStatus):
            async with connect(socket_url):
                pass
        async with (
            connect(socket_url, additional_headers=token) as socket,
            httpx.AsyncClient(timeout=60) as client,
            client.stream("GET", f"{url}/api/v1/events", headers=token) as stream,
        ):
            lines = stream.aiter_lines()
            async for line in lines:
                if line == "event: ready":
                    break
            await asyncio.sleep(1)  # the socket's own reader, on a busy machine
            async with store.transaction() as tx:
                await tx.create_incident(replace(INCIDENT, id="inc-live"))
                await tx.add_event("inc-live", "incident.opened", "it began, password=hunter22", NOW)
            told = json.loads(await asyncio.wait_for(socket.recv(), 30))
            frame = []
            async for line in lines:
                frame.append(line)
                if line.startswith("data: {") and "event: timeline" in frame:
                    break
    assert told == json.loads(frame[-1].removeprefix("data: "))
    assert (told["incident_id"], told["kind"]) == ("inc-live", "incident.opened")
    assert "hunter22" not in told["text"]
    assert f"id: {told['id']}" in frame
    await store.close()
