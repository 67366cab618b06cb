"""A worker that is killed by `kill -9` once at each point named, after the outward effect and before it is written down.

python dying_worker.py CONFIG MARKERS KIND…: dies when a step is about to commit a timeline event of that kind for the
first time. MARKERS is a folder that remembers the deaths.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from watchkeeper import app as front
from watchkeeper.settings import load
from watchkeeper.workflows import progress
from watchkeeper.workflows.steps import (
    apply_change,
    await_approval,
    diagnose_incident,
    propose_repair,
    roll_back,
    settle,
    verify_recovery,
)


def arm(markers: Path, kinds: set[str]) -> None:
    """Every step writes through `move`; this one does all of it and then dies, so that nothing is committed."""
    real = progress.move

    async def move(house: Any, tx: Any, incident: Any, stage: Any, kind: str, *rest: Any, **more: Any) -> Any:
        after = await real(house, tx, incident, stage, kind, *rest, **more)
        marker = markers / kind
        if kind in kinds and not marker.exists():
            marker.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return after

    steps = (apply_change, await_approval, diagnose_incident, propose_repair, roll_back, settle, verify_recovery)
    for module in (progress, *steps):
        if hasattr(module, "move"):
            module.move = move  # type: ignore[attr-defined]


async def main() -> None:
    async with front.open_house(load(Path(sys.argv[1]))) as opened:
        await front.work(opened, asyncio.Event(), stalled_seconds=2)


if __name__ == "__main__":
    arm(Path(sys.argv[2]), set(sys.argv[3:]))
    asyncio.run(main())
