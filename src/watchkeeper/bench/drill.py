"""Every scenario through the whole loop, beside doing nothing and restarting the loudest: a scorecard of repairs."""

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.bench._drilled import HEALTHY, Outcome, Trial, perform, rival
from watchkeeper.shelf import plugins
from watchkeeper.store.embedded import EmbeddedDatabase

PLAYERS = ("watchkeeper", "nothing", "restart")
_EASY = 0.2
"""Share of seeds in which a rival recovers from which a scenario does not count."""


def run(
    asked: Asked,
    *,
    seeds: int = 5,
    town: str = "standard",
    only: str = "",
    first: int = 1,
    processes: int = 2,
    rivals: bool = True,
) -> dict[str, Any]:
    """Figures of the drill; predictions, where asked for, hold every outcome."""
    names = [
        n for n in (HEALTHY, *plugins("watchkeeper.simulate.scenarios", "SCENARIO")) if not only or n in only.split(",")
    ]
    trials = [
        Trial(n, s, town, p)
        for n in names
        for s in range(first, first + seeds)
        for p in (PLAYERS if rivals else PLAYERS[:1])
    ]
    outcomes: list[Outcome] = []
    # One database server for all worlds; the workers are not forked, for threads of the libraries would not survive it.
    with (
        _server() as folder,
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as workers,
    ):
        for number, found in enumerate(workers.map(partial(played, folder=folder), trials), 1):
            outcomes.append(found)
            # Long runs are often cut short: what there is is written each time.
            write_json(asked.predictions, [asdict(o) for o in outcomes])
            asked.progress(number, len(trials))
    figures = scorecard(outcomes)
    write_json(asked.json_out, figures)
    return figures


@contextmanager
def _server() -> Iterator[str]:
    """The folder of a database server that runs as long as this is held."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-drill-", ignore_cleanup_errors=True) as folder:
        held = EmbeddedDatabase(Path(folder), durable=False)
        try:
            yield folder
        finally:
            held.stop()


def played(trial: Trial, folder: str) -> Outcome:
    """One trial in this process, with a database of its own on the server in `folder`."""
    if trial.player != "watchkeeper":
        return rival(trial)
    return asyncio.run(perform(trial, _joined(folder)))


@cache
def _joined(folder: str) -> EmbeddedDatabase:
    return EmbeddedDatabase(Path(folder))


def scorecard(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Totals, and a row a scenario. Shares are of seeds."""
    ours: dict[str, list[Outcome]] = defaultdict(list)
    rivals: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for o in outcomes:
        if o.trial.player == "watchkeeper":
            ours[o.trial.scenario].append(o)
        else:
            rivals[o.trial.scenario, o.trial.player].append(o.recovered)
    rows = {
        name: _row(found, rivals.get((name, "nothing"), []), rivals.get((name, "restart"), []))
        for name, found in ours.items()
    }
    faults = [o for name, found in ours.items() for o in found if o.kind != "none"]
    calm = [o for found in ours.values() for o in found if o.kind == "none"]
    counting = [o for name, found in ours.items() if rows[name]["counts"] for o in found if o.kind != "none"]
    alone = [o for o in counting if o.alone]
    asking = [o for o in counting if o.plan_right and o.acted and not o.alone]
    return {
        "benchmark": "drill", "runs": len(faults) + len(calm), "detected": _share([o.detected for o in faults]),
        "cause_right": _share([o.cause_right for o in faults]), "plan_right": _share([o.plan_right for o in faults]),
        "recovered_alone": {"share": _share([o.recovered for o in alone]), "of": len(alone)},
        "recovered_with_a_persons_yes": {"share": _share([o.recovered for o in asking]), "of": len(asking)},
        "acted_on_something_else": sum(len(o.wrong) for o in faults),
        "acts_in_healthy_and_red_herring_worlds": sum(len(o.acted) for o in calm),
        "red_herrings": len(calm),
        "incidents_in_calm_worlds": sum(o.detected for o in calm),
        "scenarios": rows,
    }  # fmt: skip


def _row(found: list[Outcome], nothing: list[bool], restart: list[bool]) -> dict[str, Any]:
    easy = max(_share(nothing) or 0.0, _share(restart) or 0.0)
    return {
        "of": len(found), "detected": sum(o.detected for o in found), "cause": sum(o.cause_right for o in found),
        "plan": sum(o.plan_right for o in found), "alone": sum(o.alone for o in found), "recovered": sum(o.recovered for o in found),
        "proven": sum(o.proven for o in found), "wrong_acts": sum(len(o.wrong) for o in found),
        "minutes": round(sum(o.minutes for o in found) / len(found), 1), "nothing": sum(nothing), "restart": sum(restart),
        "counts": found[0].kind != "none" and easy <= _EASY, "said": sorted({o.said for o in found})[:4],
        "acted": sorted({a for o in found for a in o.acted})[:4],
    }  # fmt: skip


def _share(found: Sequence[bool]) -> float | None:
    return round(sum(found) / len(found), 3) if found else None
