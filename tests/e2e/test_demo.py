"""After the demo every number that the specification names is there: the real Prometheus is asked for each."""

import asyncio
import json
import math
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from e2e.stage import Server, free_port
from watchkeeper.observe import REGISTRY

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.server("prometheus", "git"), pytest.mark.slow]

SPECIFIED = {
    "sum(rate(aiops_remediation_success_total[5m])) / sum(rate(aiops_remediation_attempts_total[5m]))": (0.9, 1.1),
    "histogram_quantile(0.95, rate(aiops_incident_resolution_duration_seconds_bucket[1h]))": (15, 600),
    "aiops_anomaly_true_positives / (aiops_anomaly_true_positives + aiops_anomaly_false_positives)": (0.5, 0.5),
}
"""The specification's three expressions, and between what the answer lies after one repair that helped."""


async def test_every_number_of_the_specification_is_there_after_the_demo(tmp_path: Path) -> None:
    port = free_port()
    async with _prometheus(tmp_path, port) as prometheus, _demo(tmp_path, port) as told, httpx.AsyncClient() as client:
        said = await told.until("Ctrl-C ends it")
        assert "recovery is proven" in said
        assert "press Real now" in said
        assert "press Noise now" in said

        async def values(expression: str) -> list[float]:
            answer = await client.get(f"{prometheus}/api/v1/query", params={"query": expression})
            assert answer.status_code == 200, (expression, answer.text)
            return [float(r["value"][1]) for r in answer.json()["data"]["result"]]

        async def comes(expression: str, low: float = -math.inf, high: float = math.inf) -> None:
            found: list[float] = []
            for _ in range(40):
                found = await values(expression)
                if any(low <= v <= high for v in found):
                    return
                await asyncio.sleep(0.5)
            raise AssertionError(f"{found} for {expression}")

        for expression, (low, high) in SPECIFIED.items():
            await comes(expression, low, high)
        for family in REGISTRY.collect():
            if family.name.startswith("aiops_"):
                await comes(f'{{__name__=~"{family.name}(_total|_count)?"}}')
        for path in (ROOT / "observability/grafana/dashboards").glob("*.json"):
            for panel in json.loads(path.read_text())["panels"]:
                for target in panel["targets"]:
                    await comes(re.sub(r"\$__\w+", "5m", target["expr"]))
        incidents = (await client.get(f"http://127.0.0.1:{port}/api/v1/incidents")).json()["items"]
        assert [i["stage"] for i in incidents] == ["resolved"]


class _Told:
    """What the demo prints, as it comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.lines = process, list[str]()

    async def until(self, words: str, seconds: float = 240) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            while not (self.lines and words in self.lines[-1]):
                line = (await self.process.stdout.readline()).decode()
                assert line, "".join(self.lines)
                self.lines.append(line)
        return "".join(self.lines)


@asynccontextmanager
async def _demo(folder: Path, port: int) -> AsyncIterator[_Told]:
    command = [sys.executable, "-m", "watchkeeper", "demo", "--stay", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, env={**os.environ, "HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    )
    try:
        yield _Told(process)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.communicate()


@asynccontextmanager
async def _prometheus(folder: Path, watched: int) -> AsyncIterator[str]:
    """It scrapes Watchkeeper every second, from before it is there."""
    port = free_port()
    scrape = {"job_name": "watchkeeper", "static_configs": [{"targets": [f"127.0.0.1:{watched}"]}]}
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [scrape]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    flags = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    server = Server(
        ["prometheus", *flags, f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"],
        f"http://127.0.0.1:{port}/-/ready",
    )
    await server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop()
