"""The scanner on a real database and the Prometheus protocol: it finds, tells once, survives restarts, learns from people."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests_support import INCIDENT
from watchkeeper import app as front
from watchkeeper.access.tokens import Access
from watchkeeper.api.app import create_app
from watchkeeper.domain.errors import InvalidInput, NotFound
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.settings import Settings
from watchkeeper.simulate.metrics import api as prometheus
from watchkeeper.simulate.metrics.tsdb import MetricDb
from watchkeeper.simulate.ports import MetricSample
from watchkeeper.simulate.serve import serving
from watchkeeper.store.postgres import PostgresStore
from watchkeeper.testing import ManualClock
from watchkeeper.workflows.forecast import anomalies
from watchkeeper.workflows.foresee_load import load_band
from watchkeeper.workflows.gather import gather
from watchkeeper.workflows.give_feedback import give_feedback
from watchkeeper.workflows.house import House
from watchkeeper.workflows.model_library import library
from watchkeeper.workflows.outlook_picture import outlook_of
from watchkeeper.workflows.replay import replay
from watchkeeper.workflows.scan import scan
from watchkeeper.workflows.train import train

BEGIN = 1_767_571_200.0
BROKEN = BEGIN + 3 * 3600
LE = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, float("inf"))


@dataclass
class Cluster:
    """Two services whose counters grow; `cart` is slow and fails from BROKEN on."""

    db: MetricDb
    now: float = BEGIN

    def live(self, until: float) -> None:
        while self.now < until:
            self.now += 60.0
            samples: list[MetricSample] = []
            for namespace, app, pods in (("shop", "cart", 2), ("bank", "ledger", 1)):
                bad = app == "cart" and self.now > BROKEN
                for pod in range(pods):
                    samples += self._pod(namespace, app, f"{app}-7d9f8c6b5d-abcd{pod}", bad)
            self.db.append(self.now, samples)

    def _pod(self, namespace: str, app: str, pod: str, bad: bool) -> list[MetricSample]:
        where = {"namespace": namespace, "app": app, "pod": pod, "job": "apps"}
        served = 600.0 * (self.now - BEGIN) / 60
        late = 600.0 * max(self.now - BROKEN, 0) / 60 if app == "cart" else 0.0
        out = [
            MetricSample("up", where, 1.0),
            MetricSample("http_server_requests_total", {**where, "code": "200"}, served - 0.3 * late),
            MetricSample("http_server_requests_total", {**where, "code": "500"}, 0.3 * late),
        ]
        for le in LE:
            share = 1.0 if le >= 0.25 else 0.6
            slow = 1.0 if le >= 2.5 else 0.05
            count = (served - late) * share + late * slow
            labels = {**where, "le": "+Inf" if le == float("inf") else str(le)}
            out.append(MetricSample("http_server_request_duration_seconds_bucket", labels, count))
        return out


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[tuple[House, Cluster, ManualClock, PostgresStore]]:
    cluster, clock = Cluster(MetricDb()), ManualClock(datetime.fromtimestamp(BEGIN, UTC))
    store = PostgresStore.open(database_url)
    async with serving({"prometheus": prometheus.app(cluster.db, lambda: cluster.now)}) as urls:
        settings = Settings.model_validate(
            {
                "sources": {"prometheus": {"url": urls["prometheus"], "rate_window_seconds": 240}},
                "anomaly_detection": {"warm_up_hours": 1, "history_hours": 6},
            }
        )
        house = replace(front.build_house(settings, store), clock=clock)
        yield house, cluster, clock, store
        for source in house.sources:
            await source.close()
    await store.close()


def until(cluster: Cluster, clock: ManualClock, at: float) -> None:
    cluster.live(at)
    clock.advance(seconds=at - clock.now().timestamp())


async def test_a_fault_is_found_told_once_and_judged_by_people(
    stage: tuple[House, Cluster, ManualClock, PostgresStore],
) -> None:
    house, cluster, clock, store = stage
    until(cluster, clock, BROKEN - 60)
    first = await scan(house)
    assert first.series > 4
    assert (first.sightings, first.incidents) == (0, ())
    again = await scan(house)
    assert again.samples == 0
    until(cluster, clock, BROKEN + 15 * 60)
    found = await asyncio.gather(scan(house), scan(house))
    [incident_id] = {i for f in found for i in f.incidents}
    for minutes in (16, 20, 40):
        until(cluster, clock, BROKEN + minutes * 60)
        assert (await scan(house)).incidents == ()
    [incident] = (await store.list_incidents()).items
    assert (incident.id, incident.service, incident.namespace) == (incident_id, "cart", "shop")
    assert incident.severity is Severity.WARNING
    async with store.transaction() as tx:
        [alert] = [a.alert for a in await tx.alerts_of(incident_id)]
        assert alert.source == "watchkeeper"
        assert "users feel" in alert.annotations["description"]
        [sighting] = await tx.sightings_of(incident_id)
        assert {"error-rate", "latency-95"} <= set(sighting.departures)
        assert 0 <= sighting.began - BROKEN <= 300
    evidence = await gather(house, incident, [alert])
    assert [s.service for s in evidence.sightings] == ["cart"]
    await _feedback(house, store, incident_id, sighting.fingerprint)


async def _feedback(house: House, store: PostgresStore, incident_id: str, fingerprint: str) -> None:
    said = await give_feedback(house, incident_id, real=False, by="ann", words="token=hunter2hunter2hunter2")
    assert said["services"] == {"cart": {"real": 0, "noise": 1, "margin": 1.5}}
    assert (await store.metrics())["false_positives"] == 1
    said = await give_feedback(house, incident_id, real=True, by="bob")
    assert said["services"] == {"cart": {"real": 1, "noise": 0, "margin": 1.0}}
    assert (await give_feedback(house, fingerprint, real=True, by="bob"))["services"]["cart"]["real"] == 2
    totals = await store.metrics()
    assert (totals["true_positives"], totals["false_positives"]) == (2, 0)
    with pytest.raises(NotFound):
        await give_feedback(house, "inc-none", real=True, by="ann")
    async with store.transaction() as tx:
        await tx.create_incident(replace(INCIDENT, id="inc-other"))
    with pytest.raises(InvalidInput, match="no part"):
        await give_feedback(house, "inc-other", real=True, by="ann")
    app = create_app(house, access=Access(front.StoredTokens(house), house.ids, house.settings.server))
    token = await Access(front.StoredTokens(house), house.ids, house.settings.server).issue("t", Role.RESPONDER)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        shown = (await client.get("/metrics")).text
        assert "aiops_anomaly_true_positives 2.0" in shown
        assert "aiops_anomaly_false_positives 0.0" in shown
        head = {"Authorization": f"Bearer {token}"}
        listed = (await client.get("/api/v1/sightings", params={"service": "cart"}, headers=head)).json()
        assert [i["incident"] for i in listed["items"]] == [incident_id]
        body = {"subject": incident_id, "real": False}
        assert (await client.post("/api/v1/feedback", json=body, headers=head)).json()["services"]["cart"]["noise"] == 1
        assert (await client.post("/api/v1/feedback", json=body)).status_code == 401


async def test_a_model_is_trained_tried_promoted_and_scans(
    stage: tuple[House, Cluster, ManualClock, PostgresStore], tmp_path: Path
) -> None:
    house, cluster, clock, _ = stage
    rules = house.settings.anomaly_detection.model_copy(
        update={"model_type": "isolation_forest", "models_dir": str(tmp_path)}
    )
    house = replace(house, settings=house.settings.model_copy(update={"anomaly_detection": rules}))
    assert front.periodic_jobs(house)["retrain"].seconds == 24 * 3600
    until(cluster, clock, BEGIN + 7 * 3600)
    steps: list[tuple[int, int]] = []
    first = await train(house, hours=6, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1]
    assert (first.promoted, first.because) == (True, "it is the first")
    assert {"from", "until", "series", "scores"} <= set(first.card)
    clock.advance(seconds=60)
    await front.periodic_jobs(house)["retrain"].run()
    books = library(house.settings)
    assert books.current() != first.version
    assert books.card(books.current())["tried_against"]["version"] == first.version
    assert (await scan(house)).series > 4
    with pytest.raises(InvalidInput, match="too few"):
        await train(house, hours=1)


async def test_a_range_is_replayed_without_a_trace(stage: tuple[House, Cluster, ManualClock, PostgresStore]) -> None:
    house, cluster, clock, store = stage
    until(cluster, clock, BEGIN + 4 * 3600)
    found = await replay(house, BEGIN, BEGIN + 4 * 3600)
    assert found.summary["would_open"] == 1
    assert found.summary["would_page"] == 0
    assert [s.service for _, s in found.told if s.opens] == ["cart"]
    assert (await store.list_incidents()).items == ()
    async with store.transaction() as tx:
        assert await tx.sightings() == []
    with pytest.raises(InvalidInput, match="no series"):
        await replay(house, BEGIN - 7200, BEGIN - 3600)


async def test_what_is_foretold_is_answered(stage: tuple[House, Cluster, ManualClock, PostgresStore]) -> None:
    house, cluster, clock, _ = stage
    until(cluster, clock, BROKEN + 4200)
    said = await anomalies(house, "cart", 7200)
    assert {a["metric"] for a in said["anomalies"]} & {"error-rate", "latency-95"}
    [gone] = [f for f in said["forecasts"] if f["kind"] == "error_budget"]
    assert gone["earliest"] <= gone["expected"] <= gone["latest"]
    seen = await outlook_of(house, "cart", "error-rate", 7200)
    assert seen.flagged
    assert all(seen.times[n] > BROKEN - 60 for n in seen.flagged)
    assert (await outlook_of(house, "cart", "workload", 3600)).ahead == ()
    with pytest.raises(NotFound, match="no cpu of cart"):
        await outlook_of(house, "cart", "cpu", 3600)
    assert await load_band(house, "cart") is None


async def test_every_number_of_shards_scans_each_series_once(
    stage: tuple[House, Cluster, ManualClock, PostgresStore],
) -> None:
    house, cluster, clock, _ = stage
    until(cluster, clock, BEGIN + 1800)
    whole = await scan(house)
    for of in (3, 2, 5):
        parts = [await scan(house, n, of) for n in range(of)]
        assert sum(p.series for p in parts) == whole.series
        assert sum(p.samples for p in parts) == whole.samples
        assert max(p.series for p in parts) < whole.series
        again = [await scan(house, n, of) for n in range(of)]
        assert sum(p.samples for p in again) == 0
    assert {n for n in front.periodic_jobs(house) if n.startswith("scan")} == {"scan-0-of-1"}


async def test_a_source_that_is_down_stops_nothing(stage: tuple[House, Cluster, ManualClock, PostgresStore]) -> None:
    house, cluster, clock, _ = stage
    until(cluster, clock, BEGIN + 1800)
    broken = Settings.model_validate({"sources": {"prometheus": {"url": "http://127.0.0.1:9", "retries": 0}}})
    down = replace(front.build_house(broken, house.store), clock=clock)
    await front.periodic_jobs(down)["scan-0-of-1"].run()
    async with house.store.transaction() as tx:
        assert await tx.watch_state("0 of 1") is None
    for source in down.sources:
        await source.close()
