"""The main job with the real Prometheus and Alertmanager: they scrape, fire and post; the world runs at real speed."""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from e2e.stage import Play, playing
from watchkeeper.domain.incident import Stage
from watchkeeper.domain.sighting import Sighting, SightingKind
from watchkeeper.simulate.effects import Effects
from watchkeeper.store.port import PlanState

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.server("prometheus", "prometheus-alertmanager", "git")]


async def test_from_alert_to_proven_recovery(tmp_path: Path, database_url: str) -> None:
    async with playing(tmp_path, database_url) as play:
        play.break_("pool_exhausted")
        waiting = await play.until(Stage.AWAITING_APPROVAL)
        assert (waiting.cause_service, waiting.cause_kind) == ("payment", "pool_exhausted")
        await play.approve(waiting)
        done = await play.until(Stage.RESOLVED, Stage.ESCALATED, Stage.ROLLED_BACK)
        assert done.stage is Stage.RESOLVED, await play.timeline()
        record = await play.plan(done)
        assert record.state is PlanState.SUCCEEDED
        assert 'value: "8"' in (play.here.git.read("main", "apps/payment.yaml") or "")
        assert [p.merged for p in play.here.github.pulls] == [True]
        whole, words = await play.opened.store.verify_audit()
        assert whole, words
        await _what_people_said_of_two_sightings(play)
        await _the_real_prometheus_has_what_the_dashboards_ask_for(play)


async def _what_people_said_of_two_sightings(play: Play) -> None:
    """One was real, one was noise; the scanner itself needs a longer past than a test has."""
    now = datetime.now(UTC).timestamp()
    seen = [Sighting(name, "shop", SightingKind.DEPARTURE, now, now) for name in ("payment", "cache")]
    async with play.opened.store.transaction() as tx:
        for sighting in seen:
            await tx.keep_sighting(sighting)
    async with httpx.AsyncClient() as client:
        for sighting, real in zip(seen, (True, False), strict=True):
            body = {"subject": sighting.fingerprint, "real": real}
            answer = await client.post(f"{play.url}/api/v1/feedback", json=body)
            assert answer.status_code == 200, answer.text


SPECIFIED = {
    "sum(rate(aiops_remediation_success_total[5m])) / sum(rate(aiops_remediation_attempts_total[5m]))": (0.99, 1.01),
    "histogram_quantile(0.95, rate(aiops_incident_resolution_duration_seconds_bucket[1h]))": (1.0, 600.0),
    "aiops_anomaly_true_positives / (aiops_anomaly_true_positives + aiops_anomaly_false_positives)": (0.5, 0.5),
}
"""The specification's three expressions, and between what the answer must lie after one repair that helped."""


async def _the_real_prometheus_has_what_the_dashboards_ask_for(play: Play) -> None:
    address = play.prometheus.ready.replace("/-/ready", "/api/v1/query")
    async with httpx.AsyncClient() as client:

        async def asked(expression: str) -> list[float]:
            answer = await client.get(address, params={"query": expression})
            assert answer.status_code == 200, (expression, answer.text)
            return [float(r["value"][1]) for r in answer.json()["data"]["result"]]

        for expression, (low, high) in SPECIFIED.items():
            values: list[float] = []
            for _ in range(120):
                values = await asked(expression)
                if values and low <= values[0] <= high:
                    break
                await asyncio.sleep(0.5)
            assert values, expression
            assert low <= values[0] <= high, (expression, values)
        for path in (ROOT / "observability/grafana/dashboards").glob("*.json"):
            for panel in json.loads(path.read_text())["panels"]:
                for target in panel["targets"]:
                    await asked(re.sub(r"\$__\w+", "5m", target["expr"]))


async def test_an_approval_withheld_means_no(tmp_path: Path, database_url: str) -> None:
    async with playing(tmp_path, database_url, approval_timeout_minutes=0.05) as play:
        play.break_("bad_release")
        ended = await play.until(Stage.ESCALATED, Stage.RESOLVED, Stage.ROLLED_BACK)
        assert ended.stage is Stage.ESCALATED
        assert ended.cause_service == "catalogue"
        assert any("nobody answered" in line for line in await play.timeline())
        assert play.here.github.pulls == []


async def test_a_repair_that_makes_it_worse_is_undone(tmp_path: Path, database_url: str) -> None:
    async with playing(tmp_path, database_url) as play:
        play.break_("pool_exhausted")
        waiting = await play.until(Stage.AWAITING_APPROVAL)
        play.here.world.curse("payment", Effects(error_rate=0.97))
        await play.approve(waiting)
        ended = await play.until(Stage.ROLLED_BACK, Stage.RESOLVED, Stage.ESCALATED)
        assert ended.stage is Stage.ROLLED_BACK, await play.timeline()
        assert 'value: "4"' in (play.here.git.read("main", "apps/payment.yaml") or "")
        assert (await play.plan(ended)).state is PlanState.UNDONE


@pytest.mark.parametrize(
    "effects", [Effects(unscrapable=True), Effects(never_ready=True)], ids=["no scrape", "no endpoint"]
)
async def test_a_repair_that_blinds_us_is_inconclusive(tmp_path: Path, database_url: str, effects: Effects) -> None:
    async with playing(tmp_path, database_url, deploy_timeout_minutes=0.3, verify_timeout_minutes=0.2) as play:
        play.break_("pool_exhausted")
        waiting = await play.until(Stage.AWAITING_APPROVAL)
        play.here.world.curse("payment", effects)
        await play.approve(waiting)
        ended = await play.until(Stage.ESCALATED, Stage.RESOLVED, Stage.ROLLED_BACK)
        assert ended.stage is Stage.ESCALATED, await play.timeline()
        assert ended.resolved_at is None
        # A bare "resolved", or silence, does not close it later either.
        await asyncio.sleep(4)
        assert (await play.first_incident()) is not None
        assert (await play.until(Stage.ESCALATED)).resolved_at is None


async def test_a_prometheus_restarted_while_verifying_proves_nothing_by_its_silence(
    tmp_path: Path, database_url: str
) -> None:
    async with playing(tmp_path, database_url, verify_healthy_seconds=6) as play:
        play.break_("pool_exhausted")
        await play.approve(await play.until(Stage.AWAITING_APPROVAL))
        await play.until(Stage.VERIFYING)
        await play.prometheus.stop()
        await asyncio.sleep(6)
        assert (await play.until(Stage.VERIFYING, seconds=1)).resolved_at is None
        await play.prometheus.start()
        restarted = await play.prometheus_started_at()
        ended = await play.until(Stage.RESOLVED, Stage.ESCALATED, Stage.ROLLED_BACK)
        record = await play.plan(ended)
        if ended.stage is Stage.RESOLVED:
            # Only what was seen after the restart may have proven it.
            healthy = record.facts["healthy_since"]
            assert datetime.fromisoformat(healthy) >= restarted
        assert any("inconclusive" in line for line in await play.timeline())
