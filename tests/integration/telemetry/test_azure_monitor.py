"""Azure's documented wire format on a loopback stand-in: metrics over REST, logs through azure-monitor-query."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from azure.core.credentials import AccessToken

from tests_support import NOW
from watchkeeper.domain.evidence import Signal, Window
from watchkeeper.settings import AzureMonitorSource, EntitiesSettings
from watchkeeper.telemetry.budget import MemoryLedger
from watchkeeper.telemetry.port import Scope, SourceTools
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.telemetry.sources.azure_monitor import AzureMonitor
from watchkeeper.testing import ManualClock

SERVER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforPostgreSQL/flexibleServers/orders"
WORKSPACE = "11111111-2222-3333-4444-555555555555"
SCOPE = Scope(Window(NOW - timedelta(minutes=30), NOW - timedelta(minutes=5), NOW), ("shop",), "checkout", "inc-1")
METRICS = {
    "cost": 59, "timespan": "2026-03-01T02:30:00Z/2026-03-01T03:00:00Z", "interval": "PT1M", "namespace": "n", "resourceregion": "westeurope",
    "value": [
        {
            "id": f"{SERVER}/providers/Microsoft.Insights/metrics/cpu_percent", "type": "Microsoft.Insights/metrics", "unit": "Percent",
            "name": {"value": "cpu_percent", "localizedValue": "CPU percent"}, "errorCode": "Success",
            "timeseries": [
                {
                    "metadatavalues": [{"name": {"value": "replica", "localizedValue": "replica"}, "value": "a"}],
                    "data": [
                        {"timeStamp": "2026-03-01T02:58:00Z", "average": 41.5}, {"timeStamp": "2026-03-01T02:59:00Z"},
                        {"timeStamp": "2026-03-01T03:00:00Z", "average": 97.0},
                    ],
                }
            ],
        }
    ],
}  # fmt: skip
COLUMNS = [
    ("TimeGenerated", "datetime"),
    ("LogLevel", "string"),
    ("LogMessage", "string"),
    ("PodNamespace", "string"),
    ("PodName", "string"),
    ("ContainerName", "string"),
]
LOGS = {
    "tables": [
        {
            "name": "PrimaryResult", "columns": [{"name": n, "type": t} for n, t in COLUMNS],
            "rows": [
                ["2026-03-01T02:59:01.5Z", "warning", "pool is empty", "shop", "checkout-5d9c7b6f4-abcde", "checkout"],
                ["2026-03-01T02:58:00Z", None, "order accepted", "shop", "checkout-5d9c7b6f4-abcde", "checkout"],
            ],
        }
    ]
}  # fmt: skip
PARTIAL = {**LOGS, "error": {"code": "PartialError", "message": "There were some errors when processing your query."}}


class Identity:
    """Workload identity, as the library asks it."""

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(f"token for {scopes[0]}", 4_000_000_000)

    async def get_token_info(self, *scopes: str, options: Any = None) -> Any:
        from azure.core.credentials import AccessTokenInfo

        return AccessTokenInfo(f"token for {scopes[0]}", 4_000_000_000)

    async def close(self) -> None: ...

    async def __aenter__(self) -> "Identity":
        return self

    async def __aexit__(self, *_: object) -> None: ...


@dataclass
class Azure:
    url: str = ""
    metrics: tuple[int, Any] = (200, METRICS)
    logs: tuple[int, Any] = (200, LOGS)
    asked: list[tuple[str, Any, str]] = field(default_factory=list)


@pytest.fixture
async def azure() -> AsyncIterator[Azure]:
    azure = Azure()

    async def answer(request: web.Request) -> web.Response:
        said = await request.json() if request.method == "POST" else dict(request.query)
        azure.asked.append((request.path, said, request.headers["Authorization"]))
        status, body = azure.logs if request.path.endswith("/query") else azure.metrics
        return (
            web.json_response(body, status=status)
            if not isinstance(body, str)
            else web.Response(text=body, status=status)
        )

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    azure.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield azure
    await runner.cleanup()


def source(azure: Azure) -> AzureMonitor:
    settings = AzureMonitorSource.model_validate({
        "workspace": WORKSPACE, "logs_url": f"{azure.url}/v1", "management_url": azure.url, "timeout_seconds": 5,
        "resources": [{"id": SERVER, "service": "orders-db", "metrics": {"cpu-rate": "cpu_percent"}}],
    })  # fmt: skip
    tools = SourceTools(ManualClock(NOW), Resolver(EntitiesSettings()), MemoryLedger())
    return AzureMonitor(settings, tools, Identity())  # type: ignore[arg-type]


async def test_metrics_and_logs_as_documented(azure: Azure) -> None:
    reader = source(azure)
    reading = await reader.read(SCOPE)
    await reader.close()
    assert reading.missing == ()
    [series] = reading.metrics
    assert (series.service, series.metric, series.values.tolist()) == ("orders-db", "cpu-rate", [41.5, 97.0])
    assert series.labels == {"replica": "a"}
    assert reading.logs is not None
    assert reading.logs["message"].to_list() == ["order accepted", "pool is empty"]
    assert reading.logs["level"].to_list() == ["", "warn"]
    assert reading.logs["service"].unique().to_list() == ["checkout"]
    (metrics, params, token), (logs, body, _) = azure.asked
    assert metrics == f"{SERVER}/providers/Microsoft.Insights/metrics"
    assert (params["metricnames"], params["timespan"]) == ("cpu_percent", "2026-03-01T02:30:00Z/2026-03-01T03:00:00Z")
    assert token == "Bearer token for https://management.azure.com/.default"
    assert logs == f"/v1/workspaces/{WORKSPACE}/query"
    assert 'PodNamespace in ("shop")' in body["query"]


async def test_part_of_the_logs_is_better_than_none(azure: Azure) -> None:
    azure.logs = (200, PARTIAL)
    reader = source(azure)
    reading = await reader.read(SCOPE)
    await reader.close()
    assert reading.logs is not None
    assert len(reading.logs) == 2


@pytest.mark.parametrize(
    "answer",
    [
        (403, {"error": {"code": "AuthorizationFailed", "message": "no access"}}),
        (200, "<html>sign in</html>"),
        (200, {"value": [{"name": 3}], "tables": [{"name": "x", "columns": [], "rows": [[1]]}]}),
        (429, {"error": {"code": "Throttled", "message": "slow down"}}),
    ],
    ids=["refused", "a login page", "another shape", "too often"],
)
async def test_what_cannot_be_read_is_missing_and_no_error(azure: Azure, answer: tuple[int, Any]) -> None:
    azure.metrics = azure.logs = answer
    reader = source(azure)
    async with asyncio.timeout(30):
        reading = await reader.read(SCOPE)
    await reader.close()
    assert {m.signal for m in reading.missing} == {Signal.METRICS, Signal.LOGS}
    assert reading.metrics == ()


async def test_namespaces_are_quoted_in_kql(azure: Azure) -> None:
    reader = source(azure)
    hostile = Scope(SCOPE.window, ('x") or true //',), "checkout", "inc-1")
    await reader.read(hostile)
    await reader.close()
    assert 'in ("x\\") or true //")' in azure.asked[-1][1]["query"]


async def test_the_doctor_says_what_may_be_read(azure: Azure) -> None:
    reader = source(azure)
    assert [p.ok for p in await reader.probe()] == [True, True]
    azure.metrics = (403, {"error": {"code": "AuthorizationFailed"}})
    assert "Monitoring Reader" in (await reader.probe())[1].hint
    await reader.close()
