"""Look a cluster over without an incident: every object read once, every rule, nothing stored, nothing done."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper.diagnose.cluster.findings import ClusterFinding, check
from watchkeeper.diagnose.cluster.snapshot import Snapshot
from watchkeeper.domain.errors import SourceError
from watchkeeper.telemetry.port import ClusterQueries


@dataclass(frozen=True, slots=True)
class Checked:
    """One cluster. `failed`: why it could not be looked at, "" where it could."""

    context: str
    findings: tuple[ClusterFinding, ...] = ()
    objects: int = 0
    denied: Mapping[str, str] = field(default_factory=dict)
    """kind -> why it could not be listed"""
    failed: str = ""


async def check_clusters(
    clusters: Mapping[str, ClusterQueries], namespaces: tuple[str, ...], now: datetime
) -> list[Checked]:
    """All clusters at once; one that does not answer takes nothing from the others."""
    return list(await asyncio.gather(*(_one(name, source, namespaces, now) for name, source in clusters.items())))


async def _one(name: str, source: ClusterQueries, namespaces: tuple[str, ...], now: datetime) -> Checked:
    try:
        seen = await source.inventory(namespaces)
    except SourceError as error:
        return Checked(name, failed=str(error))
    snapshot = Snapshot(seen.objects, now, readable=seen.readable)
    return Checked(name, tuple(await asyncio.to_thread(check, snapshot)), len(seen.objects), seen.denied)
