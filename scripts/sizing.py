"""How large an installation must be: docs/how-to/sizing.md from figures that were measured (benchmarks/measured.json).

python scripts/sizing.py [--keep FIGURES.json …]: take the output of `watchkeeper bench scale`, `scan`, `footprint` or `day` into
benchmarks/measured.json first. Every number of the page is computed from it; nothing is estimated but what the page calls assumed.
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "benchmarks/measured.json"
PAGE = ROOT / "docs/how-to/sizing.md"

ALERTS_AN_INCIDENT = 20
"""Assumed: alerts that one incident gathers."""
BUSY = 0.5
"""Processes are sized to be half busy at the rate named."""
SCAN_SECONDS = 60
CONNECTIONS_A_PROCESS = 17
"""The pool (10 and 2 over), the four of the jobs, the one that listens."""
KEEP_DAYS = 90


@dataclass(frozen=True)
class Size:
    """What is watched."""

    clusters: int
    series: int
    alerts_per_minute: int


SIZES = (Size(1, 10_000, 20), Size(10, 50_000, 200), Size(100, 200_000, 1_000), Size(1_000, 1_000_000, 10_000))


@dataclass(frozen=True)
class Slopes:
    """Per unit, as measured."""

    intake_one: float
    """alerts a second of one api process"""
    intake_most: float
    """alerts a second of all of them at once, however many"""
    incident_cpu: float
    """seconds of processor an incident"""
    points: float
    """points a second of the scanner on one core"""
    series_bytes: float
    alert_bytes: float
    """in the database, indexes and timeline included"""
    rest_mib: float


def slopes(measured: dict[str, Any]) -> Slopes:
    """Raises KeyError where a benchmark is missing."""
    intake, incidents = measured["scale"]["processes"]["intake"], measured["scale"]["processes"]["incidents"]
    day = measured["day"]
    return Slopes(
        intake[0]["alerts_per_second"], max(row["alerts_per_second"] for row in intake),
        max(row["cpu_seconds_an_incident"] for row in incidents), measured["scan"]["fleets"][-1]["points_per_second"],
        measured["scan"]["fleets"][-1]["bytes_per_series"], day["database_mib"] * 2**20 / day["alerts"],
        measured["footprint"]["proportional_mib_sum"],
    )  # fmt: skip


def row(size: Size, one: Slopes) -> list[str]:
    """The table's line."""
    alerts = size.alerts_per_minute / 60
    apis = max(2, math.ceil(alerts / (one.intake_one * BUSY)))
    thinking = alerts / ALERTS_AN_INCIDENT * one.incident_cpu
    scanning = size.series / SCAN_SECONDS / one.points
    workers = max(2, math.ceil((thinking + scanning) / BUSY))
    a_day = alerts * 86_400 * one.alert_bytes / 2**30
    return [
        f"{size.clusters:,}", f"{size.series:,}", f"{size.alerts_per_minute:,}", str(apis), str(workers),
        f"{thinking + scanning:.2f}", f"{size.series * one.series_bytes / 2**20:,.0f} MiB", f"{a_day:.2f} GiB",
        f"{a_day * KEEP_DAYS:,.0f} GiB", str((apis + workers) * CONNECTIONS_A_PROCESS), limit(size, one, apis + workers, a_day),
    ]  # fmt: skip


def limit(size: Size, one: Slopes, processes: int, a_day: float) -> str:
    """What gives first when it grows further."""
    found = {
        "turn of the intake": size.alerts_per_minute / 60 / one.intake_most,
        "connections of PostgreSQL (500)": processes * CONNECTIONS_A_PROCESS / 500,
        "disk of PostgreSQL (1 TiB)": a_day * KEEP_DAYS / 1024,
        "memory of scanning (1 GiB a worker)": size.series * one.series_bytes / 2**30 / max(processes - 2, 1),
    }
    name = max(found, key=lambda n: found[n])
    return f"{name}, {100 * found[name]:.0f} % used"


HEAD = [
    "clusters", "series", "alerts/min", "api", "worker", "cores of workers", "memory of scanning", "database a day",
    f"database in {KEEP_DAYS} days", "connections", "nearest limit",
]  # fmt: skip


def page(measured: dict[str, Any]) -> str:
    """Markdown."""
    one = slopes(measured)
    table = [HEAD, ["---"] * len(HEAD), *(row(size, one) for size in SIZES)]
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in table)
    processes = "\n".join(
        f"| {a['processes']} | {a['alerts_per_second']} | {a['cpu_ms_per_1000_alerts']} | {b['incidents_per_second']} | {b['cpu_seconds_an_incident']} |"
        for a, b in zip(
            measured["scale"]["processes"]["intake"], measured["scale"]["processes"]["incidents"], strict=True
        )
    )
    rest = measured["footprint"]
    return f"""# How large must it be?

Made by `scripts/sizing.py` from `benchmarks/measured.json`, which holds what `watchkeeper bench scale`, `scan`, `footprint` and
`day` measured on one machine: {measured["machine"]}. Measure your own and run it again:

    watchkeeper bench scale --json scale.json
    watchkeeper bench footprint --json footprint.json
    python scripts/sizing.py --keep scale.json footprint.json

{lines}

Assumed: {ALERTS_AN_INCIDENT} alerts an incident, a scan every {SCAN_SECONDS} s, processes half busy, never fewer than two of each kind.

## What was measured

| processes | alerts/s taken in | ms of processor per 1,000 alerts | incidents/s diagnosed | s of processor an incident |
| --- | --- | --- | --- | --- |
{processes}

One scanner takes {one.points:,.0f} points a second and {one.series_bytes:,.0f} bytes a series; an alert takes
{one.alert_bytes / 1024:.1f} KiB of the database with its indexes, its place in the timeline and its incident. At rest, with
{rest["services"]} services watched: {rest["proportional_mib_sum"]:.0f} MiB in all processes with PostgreSQL (each process counted
alone: {rest["resident_mib_sum"]:.0f} MiB), {rest["cores_sum"]} cores, {rest["database_mib_a_day"]} MiB a day in the database.

## What becomes the limit, and what takes it

* **The turn of the intake.** Deliveries share transactions, and one process stores at a time: more api processes answer more
  readers, not more alerts. At {one.intake_most:,.0f} alerts/s the senders wait and try again. Group in Alertmanager; beyond
  that run an installation a region.
* **The disk of PostgreSQL.** Alerts lie in partitions of a week, which retention drops whole (`store.keep_alerts_days`); lists
  and reports can read from a replica.
* **Connections.** A process holds at most {CONNECTIONS_A_PROCESS}; put PgBouncer (session mode, for LISTEN) before PostgreSQL, or lower
  `store.pool_size`.
* **Queries to Prometheus.** The scanner asks for each namespace every minute. One Prometheus a cluster answers that; for many
  clusters at one address use Mimir or Thanos, whose store gateways and query sharding take it.
* **Logs and traces** are read only around incidents, within the budgets of `sources.*.budget`: Loki and Tempo with object
  storage grow on their own.
* **Scanning.** Series are shared out to shards by name; each worker takes shards, so memory and processor divide by workers.

Not run here: 1,000 clusters. The table is what the slopes say, not a test at that size.
"""


def keep(files: list[str]) -> None:
    """Take figures in by the name of their benchmark."""
    measured = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    for file in files:
        figures = json.loads(Path(file).read_text())
        measured[figures["benchmark"]] = figures
    MEASURED.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    if "--keep" in sys.argv:
        keep(sys.argv[sys.argv.index("--keep") + 1 :])
    PAGE.write_text(page(json.loads(MEASURED.read_text())))
    print(PAGE.read_text())
