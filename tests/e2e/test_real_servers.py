"""The main job with the real Prometheus and Alertmanager: they scrape, fire and post; the world runs at real speed."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from e2e.stage import playing
from watchkeeper.domain.incident import Stage
from watchkeeper.simulate.effects import Effects
from watchkeeper.store.port import PlanState

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
