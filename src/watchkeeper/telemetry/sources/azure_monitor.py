"""Metrics from Azure Monitor and logs from Log Analytics, with the workload's own identity."""

import json
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import polars as pl

from watchkeeper.domain.errors import SourceError, SourceRefused, SourceUnavailable
from watchkeeper.domain.evidence import LOG_SCHEMA, Missing, Origin, Series, Signal, Window
from watchkeeper.settings import AzureMonitorSource, AzureResource
from watchkeeper.telemetry.budget import Purse, Spend
from watchkeeper.telemetry.port import Probe, Reading, Scope, Source, SourceTools

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

NAME = "azure_monitor"
_API = "2024-02-01"
_MANAGEMENT = "https://management.azure.com/.default"
_LEVELS = {"warning": "warn", "critical": "fatal", "information": "info", "informational": "info"}


class AzureMonitor:
    """Logs through azure-monitor-query, metrics over REST: version 2 of that library reads logs only."""

    name = NAME
    signals = frozenset({Signal.METRICS, Signal.LOGS})

    def __init__(
        self, settings: AzureMonitorSource, tools: SourceTools, credential: "AsyncTokenCredential | None" = None
    ) -> None:
        self._settings, self._resolver, self._given = settings, tools.resolver, credential
        self._purse = Purse(NAME, settings.budget, tools.ledger, tools.clock)
        self._now = tools.clock.now
        self._open = AsyncExitStack()
        self._client: httpx.AsyncClient | None = None
        self._kept: AsyncTokenCredential | None = credential

    async def read(self, scope: Scope) -> Reading:
        """What both servers know; one that does not answer is a Missing."""
        missing: list[Missing] = []
        metrics: list[Series] = []
        for resource in self._settings.resources:
            if scope.metrics and not set(scope.metrics) & set(resource.metrics):
                continue
            try:
                metrics += await self._metrics(resource, scope)
            except SourceError as error:
                missing.append(Missing(Signal.METRICS, NAME, resource.id, str(error)))
        logs = None
        if self._settings.workspace and not scope.metrics:
            try:
                logs = await self._logs(scope)
            except SourceError as error:
                missing.append(Missing(Signal.LOGS, NAME, self._query(scope), str(error)))
        return Reading(metrics=tuple(metrics), logs=logs, missing=tuple(missing))

    def _credential(self) -> "AsyncTokenCredential":
        if self._kept is None:
            from azure.identity.aio import DefaultAzureCredential

            # Workload identity where the pod has one; never a password prompt, a browser or another program.
            self._kept = DefaultAzureCredential(
                exclude_cli_credential=True, exclude_powershell_credential=True, exclude_developer_cli_credential=True,
                exclude_interactive_browser_credential=True, exclude_shared_token_cache_credential=True,
                exclude_visual_studio_code_credential=True,
            )  # fmt: skip
            self._open.push_async_callback(self._kept.close)
        return self._kept

    async def _metrics(self, resource: AzureResource, scope: Scope) -> list[Series]:
        names = {azure: ours for ours, azure in resource.metrics.items() if not scope.metrics or ours in scope.metrics}
        window = scope.window
        params = {
            "api-version": _API, "metricnames": ",".join(names), "aggregation": "Average", "interval": self._settings.interval,
            "timespan": f"{_utc(window.start)}/{_utc(window.end)}",
        }  # fmt: skip
        path = f"{resource.id.rstrip('/')}/providers/Microsoft.Insights/metrics"
        body = await self._get(path, params, scope.incident_id)
        try:
            return [s for value in body["value"] for s in _series(value, names, resource)]
        except (KeyError, TypeError, ValueError) as error:
            raise SourceRefused(f"{NAME}: an answer that cannot be read: {error!r}") from None

    async def _get(self, path: str, params: Mapping[str, str], incident: str) -> dict[str, Any]:
        from azure.core.exceptions import AzureError

        await self._purse.ask(incident)
        if self._client is None:
            self._client = await self._open.enter_async_context(
                httpx.AsyncClient(timeout=self._settings.timeout_seconds)
            )
        try:
            token = (await self._credential().get_token(_MANAGEMENT)).token
            url = f"{self._settings.management_url.rstrip('/')}{path}"
            answer = await self._client.get(url, params=params, headers={"Authorization": f"Bearer {token}"})
            body = answer.json()
        except AzureError as error:
            raise SourceRefused(
                f"{NAME}: no token: {_words(error)}", hint="check the pod's workload identity"
            ) from None
        except httpx.TransportError as error:
            raise SourceUnavailable(f"{NAME} cannot be reached: {error}") from None
        except ValueError:
            raise SourceRefused(f"{NAME} does not answer with JSON", status=answer.status_code) from None
        await self._purse.pay(incident, Spend(bytes=len(answer.content)))
        if answer.is_success and isinstance(body, dict):
            return body
        said = body.get("error", body) if isinstance(body, dict) else body
        words = f"{NAME} says {answer.status_code}: {str(said)[:200]}"
        if answer.status_code in (429, 500, 502, 503, 504):
            raise SourceUnavailable(words)
        raise SourceRefused(words, hint="the identity needs the role Monitoring Reader", status=answer.status_code)

    def _query(self, scope: Scope) -> str:
        named = ", ".join(json.dumps(n) for n in scope.namespaces) or "PodNamespace"
        return self._settings.logs_query.replace("$namespaces", named).replace("$lines", str(self._settings.max_lines))

    async def _logs(self, scope: Scope) -> pl.DataFrame | None:
        tables = await self._ask(self._query(scope), scope.window, scope.incident_id)
        try:
            rows = [row for table in tables for row in self._rows(table.columns, table.rows)]
        except (KeyError, TypeError, ValueError) as error:
            raise SourceRefused(f"{NAME}: an answer that cannot be read: {error!r}") from None
        rows.sort(key=lambda row: row[0])
        return pl.DataFrame(rows, schema=LOG_SCHEMA, orient="row") if rows else None

    async def _ask(self, query: str, window: Window, incident: str) -> Iterable[Any]:
        from azure.core.exceptions import AzureError, HttpResponseError
        from azure.monitor.query import LogsQueryPartialResult
        from azure.monitor.query.aio import LogsQueryClient

        await self._purse.ask(incident)
        plain = self._settings.logs_url.startswith("http://")
        more: dict[str, Any] = {"enforce_https": False} if plain else {}
        seconds = int(self._settings.timeout_seconds)
        try:
            async with LogsQueryClient(
                self._credential(), endpoint=self._settings.logs_url, retry_total=2, retry_backoff_factor=0.2, **more
            ) as client:
                said = await client.query_workspace(
                    self._settings.workspace, query, timespan=(window.start, window.end), server_timeout=seconds,
                    connection_timeout=seconds, read_timeout=seconds, **more,
                )  # fmt: skip
        except HttpResponseError as error:
            status = error.status_code or 0
            if status in (429, 500, 502, 503, 504):
                raise SourceUnavailable(f"{NAME} says {status}: {_words(error)}") from None
            raise SourceRefused(
                f"{NAME} says {status}: {_words(error)}",
                hint="the identity needs the role Log Analytics Reader",
                status=status,
            ) from None
        except AzureError as error:
            raise SourceUnavailable(f"{NAME} cannot be asked: {_words(error)}") from None
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise SourceRefused(f"{NAME}: an answer that cannot be read: {error!r}") from None
        return said.partial_data if isinstance(said, LogsQueryPartialResult) else said.tables

    def _rows(self, columns: list[str], rows: Iterable[Iterable[Any]]) -> Iterable[tuple[int, str, str, str, str, str]]:
        for row in rows:
            cell = dict(zip(columns, row, strict=True))
            labels = {
                "namespace": str(cell.get("PodNamespace") or ""), "pod": str(cell.get("PodName") or ""),
                "container": str(cell.get("ContainerName") or ""),
            }  # fmt: skip
            level = str(cell.get("LogLevel") or "").lower()
            at = cell["TimeGenerated"]
            moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at).replace("Z", "+00:00"))
            service = self._resolver.resolve("logs", labels)
            yield (
                int(moment.timestamp() * 1000),
                service,
                _LEVELS.get(level, level),
                str(cell["LogMessage"] or ""),
                "",
                "",
            )

    async def probe(self) -> list[Probe]:
        """Does each server let us read?"""
        out = []
        if self._settings.workspace:
            now = self._now().timestamp()
            try:
                await self._ask("print 1", Window.of_unix(now - 60, now - 30, now), "")
                out.append(Probe(NAME, True, f"workspace {self._settings.workspace} answers"))
            except SourceError as error:
                out.append(Probe(NAME, False, str(error), error.hint))
        for resource in self._settings.resources:
            path = f"{resource.id.rstrip('/')}/providers/Microsoft.Insights/metricDefinitions"
            try:
                await self._get(path, {"api-version": _API}, "")
                out.append(Probe(NAME, True, f"{resource.service}: metrics can be read"))
            except SourceError as error:
                out.append(Probe(NAME, False, f"{resource.service}: {error}", error.hint))
        return out

    async def close(self) -> None:
        """Give connections back."""
        await self._open.aclose()


def _series(value: Mapping[str, Any], names: Mapping[str, str], resource: AzureResource) -> Iterable[Series]:
    ours = names.get(str(value["name"]["value"]))
    if ours is None:
        return
    for one in value["timeseries"]:
        points = [(p["timeStamp"], p["average"]) for p in one["data"] if p.get("average") is not None]
        times = np.array([datetime.fromisoformat(t.replace("Z", "+00:00")).timestamp() for t, _ in points])
        values = np.array([float(v) for _, v in points])
        labels = {str(m["name"]["value"]): str(m["value"]) for m in one.get("metadatavalues", [])}
        yield Series(
            resource.service, ours, times, values, Origin.WORKLOAD, f"{resource.id} {value['name']['value']}", labels
        )


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _words(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def build(settings: AzureMonitorSource, tools: SourceTools) -> Source:
    """From `sources.azure_monitor`."""
    return AzureMonitor(settings, tools)
