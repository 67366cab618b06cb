"""The disk is full: PostgreSQL's (a small tmpfs: root, Linux), and the folder of the models."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from integration.faults.notes import note
from integration.faults.parts import Postgres, counted, send
from tests_support import NOW
from watchkeeper import app as front
from watchkeeper.detect.model import SHELF, ModelTerms
from watchkeeper.domain.errors import ConfigurationError
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin
from watchkeeper.store.migrate import migrate
from watchkeeper.workflows.model_library import Library

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a small tmpfs needs root")
DELIVERIES = 60


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Until nothing fits any more."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as out, suppress(OSError):
        while True:
            out.write(b"\0" * 65_536)
    return ballast


@pytest.mark.slow
async def test_the_disk_of_the_database_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 320) as disk:
        postgres = Postgres(disk / "data")
        migrate(postgres.url)
        port, stop, answers = front.free_port(), asyncio.Event(), list[int]()
        settings = Settings.model_validate(
            {"store": {"database_url": postgres.url, "sweep_seconds": 1}, "evidence": {"settle_seconds": 0}}
        )
        async with front.open_house(settings) as opened:
            serving = asyncio.create_task(front.serve(opened, stop, host="127.0.0.1", port=port))
            working = asyncio.create_task(front.work(opened, stop, stalled_seconds=3))
            await asyncio.sleep(1)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                await send(client, 0, answers)
                ballast = fill(disk)
                with suppress(Exception):
                    await opened.store._rows(
                        "select pg_switch_wal()"
                    )  # the next write needs a file that cannot be made
                sending = [asyncio.create_task(send(client, n, answers)) for n in range(1, DELIVERIES)]
                await asyncio.sleep(5)
                refused = answers.count(503)
                assert refused
                ballast.unlink()
                freed = time.monotonic()
                with suppress(Exception):
                    await asyncio.to_thread(postgres.start)  # where it ended, as whoever supervises it would
                await asyncio.gather(*sending)
                recovered = time.monotonic() - freed
            await asyncio.sleep(2)
            assert not working.done(), "the worker ended with the disk"
            rows = await counted(opened.store)
            assert (await opened.store.verify_audit())[0]
            stop.set()
            await asyncio.gather(serving, working, return_exceptions=True)
        postgres.database.stop()
    assert rows["alerts"] == rows["distinct_alerts"] == DELIVERIES
    assert rows["incidents"] == rows["opened"]
    note(
        "the database's disk is full for 5 s (tmpfs)", f"503 with Retry-After at the doors ({refused} of them)",
        f"all taken {recovered:.1f} s after there was room", DELIVERIES - rows["distinct_alerts"], rows["alerts"] - rows["distinct_alerts"],
    )  # fmt: skip


def test_a_model_that_finds_no_room_leaves_the_one_in_use(tmp_path: Path) -> None:
    model = plugin(SHELF, "build", "isolation_forest")(ModelTerms(contamination=0.05))
    model.fit([np.random.default_rng(1).normal(size=(300, 4))], lambda done, total: None)
    with small_disk(tmp_path / "disk", 2) as disk:
        library = Library(disk / "models", "isolation_forest")
        first = library.add(model, {}, NOW)
        library.promote(first)
        ballast = fill(disk)
        with pytest.raises(ConfigurationError, match="No space left"):
            library.add(model, {}, NOW + timedelta(days=1))
        assert (library.versions(), library.current()) == ([first], first)
        assert [p.name for p in library.folder.iterdir() if p.name.startswith(".")] == []
        library.load(first, ModelTerms())
        ballast.unlink()
        second = library.add(model, {}, NOW + timedelta(days=2))
        assert library.versions() == [first, second]
    note(
        "the folder of the models is full (tmpfs)", "the log, `watchkeeper train`: the model cannot be kept: No space left",
        "at the next training; the model in use stays", 0, 0,
    )  # fmt: skip
