"""A real Chromium, driven over its own protocol: what a person sees, what axe and the CSP say, and pictures of it all."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from contracts.published import member

PHONE, DESKTOP = (390, 844), (1300, 900)
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Browser:
    """One window. Times are seconds."""

    def __init__(self, driver: webdriver.Chrome, url: str, shots: Path) -> None:
        self.driver, self.url, self.shots = driver, url, shots
        self.width = DESKTOP[0]

    def open(self, path: str) -> None:
        self.driver.get(self.url + path)

    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def wait_for(self, words: str, seconds: float = 60) -> str:
        """The page's text once it has these words, without loading it again."""
        until = time.monotonic() + seconds
        while words not in (text := self.text()):
            assert time.monotonic() < until, f"no “{words}” in:\n{text}"
            time.sleep(0.3)
        return text

    def press(self, words: str) -> None:
        self.find(f"//button[normalize-space()='{words}'] | //a[contains(normalize-space(), '{words}')]").click()

    def find(self, xpath: str) -> WebElement:
        return self.driver.find_element(By.XPATH, xpath)

    def resize(self, size: tuple[int, int]) -> None:
        self.width = size[0]
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 700},
        )

    def scheme(self, name: str) -> None:
        """What the reader's system prefers: light or dark."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def shoot(self, name: str) -> None:
        """The whole page as a picture."""
        self.shots.mkdir(parents=True, exist_ok=True)
        tall = self.driver.execute_script("return document.documentElement.scrollHeight")
        width = self.driver.execute_script("return window.innerWidth")
        self.resize((width, min(int(tall), 6000)))
        self.driver.save_screenshot(str(self.shots / f"{name}.png"))

    def too_wide(self) -> bool:
        """Must one scroll sideways to read the page? A phone widens its window to what is wide: the screen counts."""
        return bool(
            self.driver.execute_script("return document.documentElement.scrollWidth > arguments[0] + 1", self.width)
        )

    def complaints(self, rule: str = "") -> list[str]:
        """What axe finds wrong with the page, by all its rules or by one."""
        options = f"{{runOnly: ['{rule}']}}" if rule else "{}"
        self.driver.execute_script(member("axe-core", "axe.min.js").decode())
        found: dict[str, Any] = self.driver.execute_async_script(
            f"const done = arguments[arguments.length - 1]; axe.run({options}).then(done, e => done({{violations: [{{id: String(e), nodes: []}}]}}))"
        )
        return [f"{v['id']}: {[n['html'][:120] for n in v['nodes']]}" for v in found["violations"]]

    def console(self) -> list[str]:
        """What the browser itself complained of since it was last asked: refused scripts and styles among it."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]


@contextmanager
def browsing(url: str, shots: Path) -> Iterator[Browser]:
    """A window of its own, closed at the end."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(30)
    try:
        yield Browser(driver, url, shots)
    finally:
        driver.quit()
