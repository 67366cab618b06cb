"""Plain questions, answered from what the store and the sources say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.domain.errors import SourceError
from watchkeeper.domain.incident import Incident
from watchkeeper.workflows.house import House

_USAGE = {
    "cpu": ("CPU use", "cores", 'sum by (app, container) (rate(container_cpu_usage_seconds_total{container!=""}[5m]))'),
    "memory": ("Memory", "bytes", 'sum by (app, container) (container_memory_working_set_bytes{container!=""})'),
    "traffic": ("Traffic", "requests/s", "sum by (app) (rate(http_server_requests_total[5m]))"),
    "latency": (
        "Latency (p95)",
        "seconds",
        "histogram_quantile(0.95, sum by (app, le) (rate(http_server_request_duration_seconds_bucket[5m])))",
    ),
}
_WORDS = {
    "cpu": ("cpu", "processor"),
    "memory": ("memory", "ram", "mem"),
    "traffic": ("traffic", "requests", "rps", "load"),
    "latency": ("latency", "slow", "p95", "response time"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Words and the numbers behind them."""

    text: str
    data: Mapping[str, Any]


async def answer(house: House, text: str, context: str = "") -> Answer:
    """Incidents for "why" and "what"; current numbers for a signal; else what it can answer."""
    lowered = text.lower()
    if re.search(r"\b(why|incidents?|what happened|wrong|broken)\b", lowered):
        return await _incidents(house)
    signal = next((name for name, words in _WORDS.items() if any(w in lowered for w in words)), "")
    if signal:
        return await _usage(house, signal)
    words = (
        "I can tell current CPU, memory, traffic and latency for each service, and what incidents there are and why."
    )
    return Answer(f"I did not understand that. {words}", {"understood": False})


async def _incidents(house: House) -> Answer:
    page = await house.store.list_incidents(limit=5)
    if not page.items:
        return Answer("There are no incidents on record.", {"incidents": []})
    rows = [_row(i) for i in page.items]
    lines = [f"{r['id']} ({r['severity']}, {r['stage']}): {r['root_cause'] or r['title']}" for r in rows]
    return Answer("\n".join(lines), {"incidents": rows})


def _row(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id, "title": incident.title, "severity": str(incident.severity), "stage": str(incident.stage),
        "service": incident.service, "root_cause": incident.root_cause, "confidence": incident.confidence,
    }  # fmt: skip


async def _usage(house: House, signal: str) -> Answer:
    title, unit, query = _USAGE[signal]
    if house.metrics is None:
        return Answer("No metrics source is configured, so I cannot see that.", {"query": query})
    try:
        samples = await house.metrics.instant(query)
    except SourceError as error:
        return Answer(f"The metrics source cannot tell: {error}", {"query": query})
    rows = {s.labels.get("app") or s.labels.get("container", ""): s.value for s in samples if s.value == s.value}
    if not rows:
        return Answer(f"The metrics source has no data for {title.lower()}.", {"query": query, "values": {}})
    ranked = sorted(rows.items(), key=lambda kv: -kv[1])
    lines = [f"{name}: {value:.3g} {unit}" for name, value in ranked[:20]]
    return Answer(f"{title} now:\n" + "\n".join(lines), {"query": query, "unit": unit, "values": dict(ranked)})
