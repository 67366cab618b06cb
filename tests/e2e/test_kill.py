"""kill -9 in the middle of each stage, with two workers: the incident still finishes, and each outward effect happened once."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from e2e.stage import Play, Server, config_for, free_port
from watchkeeper import app as front
from watchkeeper.cli.demo import rules_text
from watchkeeper.domain.incident import Stage
from watchkeeper.settings import Settings
from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.serve import simulation

pytestmark = pytest.mark.server("git")

MENDED = [
    "incident.diagnosed", "approval.requested", "change.started", "change.pull_request", "change.merged",
    "change.deployed", "incident.resolved",
]  # fmt: skip
UNDONE = ["recovery.measured", "change.undone"]


@asynccontextmanager
async def with_dying_worker(folder: Path, database_url: str, deaths: list[str]) -> AsyncIterator[tuple[Play, Path]]:
    """The doors live in this process, two workers in others that are started again whenever they are dead."""
    markers = folder / "deaths"
    markers.mkdir()
    async with simulation(folder, history_minutes=10, history_tick=2.0, rules_text=rules_text()) as here:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        config = config_for(here, database_url, here.urls["prometheus"])
        config["evidence"]["normal_minutes"] = 8
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        async with front.open_house(Settings.model_validate(config)) as opened:
            play = Play(here, opened, url, Server([], ""), opened.house.settings)
            here.webhook = f"{url}/api/v1/webhooks/alertmanager"
            serving = asyncio.create_task(front.serve(opened, play.stop, host="127.0.0.1", port=port))
            # Two workers: each takes over what the other one died of.
            undertakers = [asyncio.create_task(keep_alive(folder, markers, deaths)) for _ in range(2)]
            try:
                yield play, markers
            finally:
                play.stop.set()
                for undertaker in undertakers:
                    undertaker.cancel()
                await asyncio.gather(serving, *undertakers, return_exceptions=True)


async def keep_alive(folder: Path, markers: Path, deaths: list[str]) -> None:
    script = str(Path(__file__).parent / "dying_worker.py")
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            script,
            str(folder / "config.yaml"),
            str(markers),
            *deaths,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def merges(play: Play) -> int:
    return int(play.here.git.git("rev-list", "--count", "--merges", "main"))


async def test_killed_at_every_step_it_still_finishes_once(tmp_path: Path, database_url: str) -> None:
    async with with_dying_worker(tmp_path, database_url, MENDED) as (play, markers):
        play.break_("bad_release")
        await play.approve(await play.until(Stage.AWAITING_APPROVAL))
        done = await play.until(Stage.RESOLVED, Stage.ESCALATED, Stage.ROLLED_BACK, seconds=200)
        assert done.stage is Stage.RESOLVED, await play.timeline()
        assert sorted(p.name for p in markers.iterdir()) == sorted(MENDED)
        assert [p.merged for p in play.here.github.pulls] == [True]
        assert merges(play) == 1
        kinds = [line.split()[1] for line in await play.timeline()]
        assert [kinds.count(f"{kind}:") for kind in MENDED] == [1] * len(MENDED)
        assert (await play.opened.store.verify_audit())[0]


async def test_killed_while_undoing_it_undoes_once(tmp_path: Path, database_url: str) -> None:
    async with with_dying_worker(tmp_path, database_url, UNDONE) as (play, markers):
        play.break_("pool_exhausted")
        waiting = await play.until(Stage.AWAITING_APPROVAL)
        play.here.world.curse("payment", Effects(error_rate=0.97))
        await play.approve(waiting)
        done = await play.until(Stage.RESOLVED, Stage.ESCALATED, Stage.ROLLED_BACK, seconds=200)
        assert done.stage is Stage.ROLLED_BACK, await play.timeline()
        assert sorted(p.name for p in markers.iterdir()) == sorted(UNDONE)
        assert [p.merged for p in play.here.github.pulls] == [True, True]
        assert merges(play) == 2
