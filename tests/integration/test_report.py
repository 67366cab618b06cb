"""`watchkeeper report` against a real Prometheus whose ALERTS were back-filled."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytestmark = [pytest.mark.server("prometheus", "promtool")]
HOSTILE = "<script>alert(1)</script>"
RULES = """
groups:
  - name: shop
    rules:
      - {alert: BlinkingCpu, expr: vector(0) > 1, for: 1m, labels: {severity: warning}}
      - {alert: Latency, expr: vector(0) > 1, labels: {severity: warning}}
      - {alert: LatencyCopy, expr: vector(0) > 1, labels: {severity: warning}}
"""


def series(name: str, service: str, start: datetime, minutes: int) -> list[str]:
    labels = f'alertname="{name}",alertstate="firing",namespace="shop",service="{service}",severity="warning"'
    return [f"ALERTS{{{labels}}} 1 {(start + timedelta(minutes=m)).timestamp():.0f}" for m in range(minutes)]


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    lines: list[str] = []
    for n in range(12):
        at = now - timedelta(hours=30) + timedelta(hours=2 * n)
        lines += series("BlinkingCpu", "pay", at, 3)
        lines += series("Latency", "front", at + timedelta(minutes=40), 20) + series(
            "LatencyCopy", "front", at + timedelta(minutes=41), 19
        )
    lines += series("Odd", HOSTILE, now - timedelta(hours=29), 10)
    text = tmp_path / "alerts.txt"
    text.write_text(
        "# TYPE ALERTS gauge\n" + "\n".join(sorted(lines, key=lambda x: (x.split(" ")[0], x))) + "\n# EOF\n"
    )
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", text, tmp_path / "data"],
        check=True,
        capture_output=True,
    )
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "prometheus.yml").write_text(f"rule_files: [{tmp_path}/rules.yaml]\n")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{url}/-/ready") as answer:
                    if answer.status == 200:
                        break
            except OSError:
                asyncio.run(asyncio.sleep(0.1))
        yield url
    finally:
        server.terminate()
        server.wait(20)


def test_a_month_of_alerts_becomes_one_page(prometheus: str, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = subprocess.run(
        [sys.executable, "-m", "watchkeeper", "report", "--prometheus", prometheus, "--days", "2", "--out", str(out)],
        capture_output=True, text=True, cwd=tmp_path, env={k: v for k, v in os.environ.items() if not k.startswith("WATCHKEEPER")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = re.search(r"(\d+) alerts -> (\d+) incidents", done.stdout)
    assert found
    alerts, incidents = map(int, found.groups())
    assert alerts == 37
    assert incidents < alerts
    page = out.read_text()
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "never longer than 5 minutes in 12 firings" in page
    assert re.search(r"always together with (Latency|LatencyCopy)", page)
    assert "+  for: 10m" in page
