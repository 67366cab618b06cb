"""A whole server on a real database, in a thread of its own, for tests that are not async."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from watchkeeper import app as front
from watchkeeper.domain.severity import Role
from watchkeeper.settings import Settings


@dataclass
class Running:
    """Where it listens, and a token for each role."""

    url: str
    tokens: dict[Role, str]
    opened: front.Opened


@contextmanager
def running(database_url: str, **settings: Any) -> Iterator[Running]:
    """Until the block ends."""
    ready, box, port = threading.Event(), dict[str, Any](), front.free_port()
    configured = Settings.model_validate({**settings, "store": {"database_url": database_url}})

    async def serve() -> None:
        async with front.open_house(configured) as opened:
            stop = asyncio.Event()
            tokens = {role: await opened.access.issue(f"a {role}", role) for role in Role}
            box.update(loop=asyncio.get_running_loop(), stop=stop)
            box["running"] = Running(f"http://127.0.0.1:{port}", tokens, opened)
            serving = asyncio.create_task(front.serve(opened, stop, host="127.0.0.1", port=port))
            for _ in range(100):
                await asyncio.sleep(0.05)
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    continue
                writer.close()
                break
            ready.set()
            await serving

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(30), "the server did not start"
    try:
        yield box["running"]
    finally:
        box["loop"].call_soon_threadsafe(box["stop"].set)
        thread.join(20)
