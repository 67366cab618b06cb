"""Takes the pictures of the console for the docs from the demo, in a real browser: part of make pictures."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from e2e.browser import DESKTOP, PHONE, Browser, browsing  # noqa: E402
from e2e.stage import free_port  # noqa: E402

OUT = ROOT / "docs/how-to/img"
TALL = (DESKTOP[0], 1500)


def main() -> None:
    """Overview, an incident at a desk and on a phone, and a question about it."""
    with tempfile.TemporaryDirectory() as folder, _demo(Path(folder)) as url, browsing(url, OUT) as browser:
        browser.resize(DESKTOP)
        browser.open("/")
        browser.wait_for("resolved")
        _take(browser, "console-overview", DESKTOP)
        browser.press("checkout")
        browser.wait_for("It looked like this before")
        address = browser.driver.current_url.removeprefix(url)
        _take(browser, "console-incident", TALL)
        _take(browser, "console-incident-dark", TALL, scheme="dark")
        _take(browser, "console-incident-phone", PHONE)
        browser.resize(DESKTOP)
        browser.press("errors of payment in the last hour")
        browser.wait_for("The numbers behind it")
        browser.find("//section[@id='conversation']").screenshot(str(OUT / "console-conversation.png"))
        browser.open(f"{address}/post-mortem")
        _take(browser, "console-post-mortem", DESKTOP)


def _take(browser: Browser, name: str, size: tuple[int, int], scheme: str = "light") -> None:
    browser.resize(size)
    browser.scheme(scheme)
    browser.driver.save_screenshot(str(OUT / f"{name}.png"))
    browser.scheme("light")


@contextmanager
def _demo(folder: Path) -> Iterator[str]:
    """The demo once its repair is proven."""
    port = free_port()
    command = [sys.executable, "-u", "-m", "watchkeeper", "demo", "--stay", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            print(line, end="")
            if "Ctrl-C ends it" in line:
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


if __name__ == "__main__":
    main()
