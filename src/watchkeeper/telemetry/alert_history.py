"""What fired in the past, from the series `ALERTS` that every Prometheus keeps: read by few range queries."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from watchkeeper.domain.alert import Alert, AlertStatus
from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.topology import Topology
from watchkeeper.settings import PrometheusSource
from watchkeeper.telemetry.budget import Purse
from watchkeeper.telemetry.http import SourceClient
from watchkeeper.telemetry.port import SourceTools

STEP = 60
_POINTS = 10_000
"""Points a query: the server allows 11,000."""
_FIRING = 'last_over_time(ALERTS{alertstate="firing"}[2m])'
"""Not the series alone: that would go on for five minutes after its last sample where no staleness was written."""
_GAP = 2.5
_INTERNAL = ("__name__", "alertstate")
LIMITS: Mapping[str, tuple[str, float]] = {
    "container memory": (
        "max by (namespace, pod, container) (container_memory_working_set_bytes{container!=''}) / on (namespace, pod, container) (max by (namespace, pod, container) (container_spec_memory_limit_bytes) > 0)",
        0.95,
    ),
    "volume": ("kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes", 0.9),
    "file system": ("1 - node_filesystem_avail_bytes{fstype!~'tmpfs|overlay'} / node_filesystem_size_bytes", 0.9),
}
"""what -> (PromQL of its use, the share that counts as reached)"""
_SERIES = 30
_LIMIT_STEP = 300


@dataclass(frozen=True, slots=True)
class Fired:
    """One alert from its first to its last sample."""

    alert: Alert
    ends_at: datetime


class AlertHistory:
    """Reads; writes nothing. Raises SourceError."""

    def __init__(self, settings: PrometheusSource, tools: SourceTools) -> None:
        self._client = SourceClient(
            "prometheus", settings, Purse("prometheus", settings.budget, tools.ledger, tools.clock)
        )

    async def fired(self, start: datetime, end: datetime, progress: Callable[[int, int], object]) -> list[Fired]:
        """Every episode of a firing alert, oldest first; a start that lies in the minute before its first sample."""
        stamps: dict[tuple[tuple[str, str], ...], list[np.ndarray]] = {}
        chunk = timedelta(seconds=STEP * _POINTS)
        parts = max(1, -(-int((end - start).total_seconds()) // int(chunk.total_seconds())))
        for number in range(parts):
            low = start + number * chunk
            high = min(low + chunk - timedelta(seconds=STEP), end)
            for series in await self._range(_FIRING, low, high, STEP):
                labels = tuple(sorted((k, v) for k, v in series["metric"].items() if k not in _INTERNAL))
                times = np.fromiter((p[0] for p in series["values"]), dtype=np.int64, count=len(series["values"]))
                stamps.setdefault(labels, []).append(times)
            progress(number + 1, parts)
        out = [f for labels, times in stamps.items() for f in _episodes(dict(labels), np.concatenate(times))]
        return sorted(out, key=lambda f: f.alert.starts_at)

    async def rules(self) -> dict[str, dict[str, Any]]:
        """Alert rules by name; {} where the server does not tell."""
        try:
            answer = await self._client.json("/api/v1/rules", {"type": "alert"})
        except SourceError:
            return {}
        groups = (answer.get("data") or {}).get("groups") or []
        return {str(r.get("name")): r for g in groups for r in g.get("rules") or [] if r.get("type") == "alerting"}

    async def calls(self) -> Topology:
        """Who calls whom, where a service graph is kept as metrics; empty otherwise."""
        try:
            answer = await self._client.json(
                "/api/v1/query", {"query": "group by (client, server) (traces_service_graph_request_total)"}
            )
        except SourceError:
            return Topology()
        rows = (answer.get("data") or {}).get("result") or []
        return Topology.of((r["metric"].get("client", ""), r["metric"].get("server", "")) for r in rows)

    async def limits(self, start: datetime, end: datetime) -> list[tuple[str, float, np.ndarray, np.ndarray]]:
        """(name, limit, unix seconds, share) of the fullest series; a metric that is not there gives none."""
        out = []
        for what, (query, limit) in LIMITS.items():
            try:
                fullest = f"({query}) and topk({_SERIES}, max_over_time(({query})[1d:5m] @ end()))"
                chosen = await self._range(
                    fullest, start, end, max(_LIMIT_STEP, int((end - start).total_seconds() / _POINTS) + 1)
                )
            except SourceError:
                continue
            for series in sorted(chosen, key=lambda s: -max(float(v) for _, v in s["values"]))[:_SERIES]:
                name = what + " " + " ".join(f"{k}={v}" for k, v in sorted(series["metric"].items()) if k != "__name__")
                times = np.array([p[0] for p in series["values"]], dtype=float)
                out.append((name, limit, times, np.array([float(p[1]) for p in series["values"]])))
        return out

    async def _range(self, query: str, start: datetime, end: datetime, step: int) -> list[dict[str, Any]]:
        asked = {"query": query, "start": start.timestamp(), "end": end.timestamp(), "step": step}
        answer = await self._client.json("/api/v1/query_range", asked)
        return list((answer.get("data") or {}).get("result") or [])

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()


def _episodes(labels: dict[str, str], times: np.ndarray) -> list[Fired]:
    """Samples further apart than the gap belong to different firings."""
    times = np.unique(times)
    cuts = np.flatnonzero(np.diff(times) > _GAP * STEP) + 1
    print_ = hashlib.blake2b(repr(sorted(labels.items())).encode(), digest_size=8).hexdigest()
    out = []
    for some in np.split(times, cuts):
        starts, ends = (datetime.fromtimestamp(int(t), UTC) for t in (some[0], some[-1] + STEP))
        name = labels.get("alertname", "unnamed")
        out.append(Fired(Alert("prometheus", print_, AlertStatus.FIRING, name, labels, {}, starts, None, starts), ends))
    return out
