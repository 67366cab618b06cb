"""What goes out to PagerDuty and to a webhook, and which failures may be tried again."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests_support import NOW
from watchkeeper.app import free_port
from watchkeeper.chat.platforms import pagerduty, webhook
from watchkeeper.chat.tools import PlatformTools
from watchkeeper.domain.errors import SourceRefused, SourceUnavailable
from watchkeeper.domain.notice import Notice, NoticeKind
from watchkeeper.domain.severity import Severity
from watchkeeper.settings import PagerdutySettings, WebhookSettings
from watchkeeper.testing import ManualClock

TOOLS = PlatformTools(ManualClock(NOW))
NOTICE = Notice(
    "inc-1",
    "pay is down",
    Severity.HIGH,
    "opened",
    ("one", "two"),
    (("the incident", "https://w/inc-1"),),
    "inc-1" * 80,
    NoticeKind.OPENED,
)


@dataclass
class Taker:
    port: int
    status: int = 202
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        self.headers.append(dict(request.headers))
        return Response(status_code=self.status)


@pytest.fixture
async def taker() -> AsyncIterator[Taker]:
    made = Taker(free_port())
    app = Starlette(routes=[Route("/{path:path}", made.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=made.port, log_level="error"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield made
    server.should_exit = True
    await task


async def test_pagerduty_is_triggered_and_resolved_by_one_key(taker: Taker) -> None:
    section = PagerdutySettings.model_validate({"url": f"http://127.0.0.1:{taker.port}/v2/enqueue", "routing_key": "R"})
    announcer = pagerduty.build(section, TOOLS)
    assert announcer is not None
    await announcer.announce(NOTICE)
    await announcer.announce(replace(NOTICE, kind=NoticeKind.RESOLVED))
    trigger, over = map(json.loads, taker.bodies)
    assert (trigger["event_action"], over["event_action"]) == ("trigger", "resolve")
    assert trigger["dedup_key"] == over["dedup_key"] == NOTICE.dedup_key[:255]
    assert (trigger["payload"]["severity"], trigger["links"][0]["href"]) == ("error", "https://w/inc-1")
    assert "payload" not in over


async def test_a_webhook_carries_the_notice_and_its_signature(taker: Taker) -> None:
    section = WebhookSettings.model_validate({"url": f"http://127.0.0.1:{taker.port}/", "secret": "s3cret"})
    announcer = webhook.build(section, TOOLS)
    assert announcer is not None
    await announcer.announce(NOTICE)
    assert json.loads(taker.bodies[0])["lines"] == ["one", "two"]
    wanted = hmac.new(b"s3cret", taker.bodies[0], hashlib.sha256).hexdigest()
    assert taker.headers[0]["x-watchkeeper-signature"] == wanted


@pytest.mark.parametrize(
    ("status", "error"), [(503, SourceUnavailable), (429, SourceUnavailable), (400, SourceRefused)]
)
async def test_what_may_be_tried_again_is_told_apart_from_what_may_not(
    taker: Taker, status: int, error: type[Exception]
) -> None:
    taker.status = status
    announcer = webhook.build(WebhookSettings(url=f"http://127.0.0.1:{taker.port}/"), TOOLS)
    assert announcer is not None
    with pytest.raises(error):
        await announcer.announce(NOTICE)


def test_what_is_not_set_up_is_not_built() -> None:
    assert pagerduty.build(PagerdutySettings(), TOOLS) is None
    assert webhook.build(WebhookSettings(), TOOLS) is None
