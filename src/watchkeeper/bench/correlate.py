"""Storms become incidents: noise reduction, V-measure, time to the first notice, beside Alertmanager and a time window."""

import asyncio
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sklearn.metrics import homogeneity_completeness_v_measure

from watchkeeper import app as front
from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.bench._storms import BEGIN, MINUTE, Storm, faults_of, storms
from watchkeeper.domain.clock import Clock
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.incident import Stage
from watchkeeper.settings import Settings
from watchkeeper.store.embedded import EmbeddedDatabase
from watchkeeper.store.migrate import migrate
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.house import House
from watchkeeper.workflows.receive_alerts import Memory, receive_deliveries
from watchkeeper.workflows.steps import settle

Groups = Mapping[tuple[str, datetime], str]
"""(fingerprint, start) -> group"""
GROUP_BY = ("alertname", "namespace", "service")
GROUP_WAIT = 30.0
_WINDOW = timedelta(minutes=5)


def run(asked: Asked) -> dict[str, Any]:
    """Every storm through the real intake and database, and the same alerts through the two others."""
    made = storms(list(faults_of(asked.folder())))
    if not made:
        raise InvalidInput("no storm could be made of this folder")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        database = EmbeddedDatabase(Path(folder))
        try:
            for number, storm in enumerate(made, 1):
                rows.append(asyncio.run(_measured(storm, database)))
                asked.progress(number, len(made))
        finally:
            database.stop()
    figures = {"benchmark": "correlate", "storms": rows, **_together(rows)}
    write_json(asked.json_out, figures)
    return figures


async def _measured(storm: Storm, database: EmbeddedDatabase) -> dict[str, Any]:
    ours, opened = await _watchkeeper(storm, database)
    rivals = {"alertmanager": _alertmanager(storm), "time_window": _window(storm)}
    first = {f: min(opened[g] for k, g in ours.items() if storm.truth[k] == f) for f in storm.faults}
    waits = [(first[f] - at).total_seconds() for f, at in storm.faults.items()]
    row: dict[str, Any] = {
        "storm": storm.name, "two_faults_at_once": storm.double, "faults": len(storm.faults), "posts": storm.raw,
        "alerts": len(storm.alerts), "watchkeeper": {**_scored(storm, ours), "first_notice_seconds": max(waits, default=0.0)},
    }  # fmt: skip
    for name, groups in rivals.items():
        row[name] = _scored(storm, groups) if groups is not None else None
    return row


async def _watchkeeper(storm: Storm, database: EmbeddedDatabase) -> tuple[Groups, dict[str, datetime]]:
    url = database.url(storm.name.replace("-", "_"))
    await asyncio.to_thread(migrate, url)
    store = PostgresStore.open(url)
    clock = ManualClock(BEGIN)
    house = replace(front.build_house(Settings(), store), clock=clock)
    try:
        async with store.transaction() as tx:
            await tx.remember_calls(storm.calls, clock.now())
        await _play(storm, house, clock)
        found = await store._rows("select fingerprint, starts_at, incident_id from alerts where status = 'firing'")
        rows = await store._rows("select id, opened_at from incidents")
    finally:
        await store.close()
    groups = {(r["fingerprint"], r["starts_at"]): r["incident_id"] for r in found}
    return groups, {r["id"]: r["opened_at"] for r in rows}


async def _play(storm: Storm, house: House, clock: ManualClock) -> None:
    """A delivery a minute; incidents whose alerts are over are closed as the worker would."""
    memory = Memory()
    for moment in sorted(storm.posts):
        clock.advance(seconds=(moment - clock.now()).total_seconds())
        await receive_deliveries(house, [storm.posts[moment]], memory)
        await _settle(house, clock)


async def _settle(house: House, clock: Clock) -> None:
    async with house.store.transaction() as tx:
        waiting = await tx.open_incidents()
    for incident in waiting:
        if incident.stage is not Stage.RESOLVED:
            await settle.step(house, incident)


def _alertmanager(storm: Storm) -> Groups | None:
    """The groups the real program makes of these alerts; a group ends when none of its alerts fires. None: not installed."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        return None
    distinct = {json.dumps(dict(sorted(a.labels.items()))): a for a in storm.alerts.values()}
    port = front.free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "alertmanager.yml"
        config.write_text(
            f"route: {{receiver: none, group_by: [{', '.join(GROUP_BY)}], group_wait: 1s}}\nreceivers: [{{name: none}}]\n"
        )
        server = subprocess.Popen(
            [program, f"--config.file={config}", f"--storage.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=0)) as client:
                _until_ready(client)
                client.post(
                    "/api/v2/alerts", json=[{"labels": dict(a.labels)} for a in distinct.values()]
                ).raise_for_status()
                said = _groups(client, len(distinct))
        finally:
            server.terminate()
            server.wait(10)
    return _by_silence(storm, {k: said[json.dumps(dict(sorted(a.labels.items())))] for k, a in storm.alerts.items()})


def _until_ready(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            if client.get("/-/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise InvalidInput("alertmanager does not start")


def _groups(client: httpx.Client, wanted: int) -> dict[str, str]:
    """Labels as JSON -> group."""
    out: dict[str, str] = {}
    for _ in range(200):
        out = {
            json.dumps(dict(sorted(alert["labels"].items()))): json.dumps(group["labels"], sort_keys=True)
            for group in client.get("/api/v2/alerts/groups").json() for alert in group["alerts"]
        }  # fmt: skip
        if len(out) == wanted:
            break
        time.sleep(0.05)
    return out


def _by_silence(storm: Storm, groups: Groups) -> Groups:
    """A group that was wholly resolved is made anew when something fires again."""
    out: dict[tuple[str, datetime], str] = {}
    until: dict[str, datetime] = {}
    number: Counter[str] = Counter()
    for key in sorted(groups, key=lambda k: k[1]):
        name = groups[key]
        if key[1] > until.get(name, BEGIN) + MINUTE:
            number[name] += 1
        until[name] = max(until.get(name, BEGIN), storm.ends[key])
        out[key] = f"{name}#{number[name]}"
    return out


def _window(storm: Storm) -> Groups:
    """One group for all alerts that follow each other within five minutes."""
    out, last, number = {}, BEGIN - timedelta(days=1), 0
    for key in sorted(storm.alerts, key=lambda k: k[1]):
        number += key[1] - last > _WINDOW
        out[key], last = f"window-{number}", key[1]
    return out


def _scored(storm: Storm, groups: Groups) -> dict[str, Any]:
    keys = list(storm.alerts)
    truth, said = [storm.truth[k] for k in keys], [groups.get(k) or f"none-{n}" for n, k in enumerate(keys)]
    purity, completeness, v = homogeneity_completeness_v_measure(truth, said)
    incidents = len(set(said))
    of_faults = {f: {groups.get(k) for k in keys if storm.truth[k] == f} - {None, ""} for f in storm.faults}
    return {
        "incidents": incidents, "reduction": round(1 - incidents / storm.raw, 4),
        "reduction_after_dedup": round(1 - incidents / len(keys), 4), "v_measure": round(v, 4),
        "purity": round(purity, 4), "completeness": round(completeness, 4),
        "incidents_per_fault": round(statistics.mean(len(g) for g in of_faults.values()), 2) if of_faults else 0.0,
        "faults_without_incident": sum(1 for g in of_faults.values() if not g),
    }  # fmt: skip


def _together(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "count": len(rows),
        "with_two_faults_at_once": sum(1 for r in rows if r["two_faults_at_once"]),
    }
    for name in ("watchkeeper", "alertmanager", "time_window"):
        scored = [r[name] for r in rows if r[name] is not None]
        if scored:
            out[name] = {k: round(statistics.mean(float(s[k]) for s in scored), 4) for k in scored[0]}
            out[name]["least_v_measure"] = min(s["v_measure"] for s in scored)
    both = [r for r in rows if r["alertmanager"] is not None]
    out["better_than_alertmanager"] = sum(
        1 for r in both
        if r["watchkeeper"]["v_measure"] > r["alertmanager"]["v_measure"] and r["watchkeeper"]["incidents"] < r["alertmanager"]["incidents"]
    )  # fmt: skip
    out["on_two_faults_at_once"] = round(
        statistics.mean(r["watchkeeper"]["v_measure"] for r in rows if r["two_faults_at_once"]), 4
    )
    return out
