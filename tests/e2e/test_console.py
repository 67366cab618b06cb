"""The console in a real browser, in a world that breaks: an incident appears, is read, approved, and seen to recover."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from e2e.browser import DESKTOP, PHONE, Browser, browsing
from watchkeeper import app as front
from watchkeeper.cli.demo import demo_settings, rules_text
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin, plugins
from watchkeeper.simulate.serve import Simulation, simulation

pytestmark = [pytest.mark.server("chromium", "chromedriver", "npm")]

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\u202e evil"


@asynccontextmanager
async def demo_world(folder: Path, database_url: str) -> AsyncIterator[tuple[Simulation, str]]:
    """As `watchkeeper demo`, without its person."""
    async with simulation(folder, history_minutes=25, history_tick=5.0, rules_text=rules_text()) as here:
        port = front.free_port()
        settings = demo_settings(here, folder, port).model_dump()
        settings["store"]["database_url"] = database_url
        async with front.open_house(Settings.model_validate(settings)) as opened:
            stop = asyncio.Event()
            here.webhook = f"http://127.0.0.1:{port}/api/v1/webhooks/alertmanager"
            tasks = [
                asyncio.create_task(front.serve(opened, stop, host="127.0.0.1", port=port)),
                asyncio.create_task(front.work(opened, stop)),
            ]
            try:
                await asyncio.sleep(1)
                yield here, f"http://127.0.0.1:{port}"
            finally:
                stop.set()
                await asyncio.gather(*tasks)


async def test_from_a_quiet_night_to_proven_recovery_in_a_browser(
    tmp_path: Path, database_url: str, root: Path
) -> None:
    async with demo_world(tmp_path, database_url) as (here, url):
        loop = asyncio.get_running_loop()

        def break_something() -> None:
            loop.call_soon_threadsafe(
                here.break_, plugin("watchkeeper.simulate.scenarios", "SCENARIO", "pool_exhausted")
            )

        await asyncio.to_thread(_night, url, root / "build/screenshots", break_something)


def _night(url: str, shots: Path, break_something: Callable[[], None]) -> None:
    """What a person does, step by step; every page is looked at on a phone and at a desk."""
    with browsing(url, shots) as browser:
        browser.resize(DESKTOP)
        browser.open("/")
        browser.wait_for("All quiet")
        assert browser.complaints() == []
        httpx.post(f"{url}/api/v1/webhooks/alertmanager", json=hostile_alert()).raise_for_status()
        browser.wait_for("<script>document.title='owned'</script>")
        assert "\u202e" not in browser.text()
        break_something()
        # The list is open; nobody loads it again.
        browser.wait_for("Connection pool exhausted in payment", 240)
        browser.press("checkout") if "checkout is slow" not in browser.text() else browser.press("checkout is slow")
        browser.wait_for("Repair: raise pool size", 120)
        assert browser.driver.title != "owned"
        for picture in ("Who calls whom", "pool-rate of payment", "Request "):
            browser.find(f"//*[local-name()='svg'][*[local-name()='title' and contains(., '{picture}')]]")
        _looked_at(browser, "incident")
        browser.resize(DESKTOP)
        browser.press("is payment healthy?")
        browser.wait_for("The numbers behind it")
        _looked_at(browser, "conversation")
        browser.resize(DESKTOP)
        browser.press("Approve")
        browser.wait_for("Post-mortem", 240)
        browser.press("Post-mortem")
        browser.wait_for("Post-mortem, a draft")
        _looked_at(browser, "post-mortem")
        for name, page in sorted(plugins("watchkeeper.console.pages", "PAGE").items()):
            if "{" not in page.path:
                browser.open(page.path)
                _looked_at(browser, name)
        assert browser.console() == []


def _looked_at(browser: Browser, name: str) -> None:
    for size, where in ((DESKTOP, "desktop"), (PHONE, "phone")):
        browser.resize(size)
        assert browser.complaints() == [], f"{name} on a {where}"
        assert not browser.too_wide(), f"{name} on a {where}"
        browser.shoot(f"{name}-{where}")
    browser.resize(DESKTOP)
    browser.scheme("dark")
    assert browser.complaints("color-contrast") == [], f"{name} in the dark"
    browser.shoot(f"{name}-dark")
    browser.scheme("light")


def hostile_alert() -> dict[str, object]:
    """From a sender who writes markup where a summary belongs."""
    alert = {
        "status": "firing", "labels": {"alertname": "Odd", "namespace": "elsewhere", "severity": "info"},
        "annotations": {"summary": HOSTILE}, "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "", "fingerprint": "0123456789abcdef",
    }  # fmt: skip
    return {
        "version": "4", "groupKey": "{}", "status": "firing", "receiver": "watchkeeper", "groupLabels": {}, "commonLabels": {},
        "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0, "alerts": [alert],
    }  # fmt: skip
