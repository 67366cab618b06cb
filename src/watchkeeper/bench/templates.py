"""Template mining of every labelled system of a folder, and how fast it is on a mixed stream."""

import csv
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.detect.templates import TemplateMiner, mine
from watchkeeper.domain.errors import InvalidInput

_STREAM = 400_000
"""Lines of the speed measurement."""


def run(asked: Asked) -> dict[str, Any]:
    """Writes `<System>.csv` with a column `template` per system. Raises InvalidInput where the folder holds none."""
    directory = asked.folder()
    systems = sorted(p.parent for p in directory.glob("*/truth.csv"))
    if not systems:
        hint = "a system is a folder with truth.csv, of which only the column Content is read"
        raise InvalidInput(f"{directory} holds no log sample", hint=hint)
    lines: list[str] = []
    for number, system in enumerate(systems, 1):
        content = [row["Content"] for row in csv.DictReader((system / "truth.csv").open(newline="", encoding="utf-8"))]
        lines += content
        if asked.predictions is not None:
            asked.predictions.mkdir(parents=True, exist_ok=True)
            _write(asked.predictions / f"{system.name}.csv", mine(content))
        asked.progress(number, len(systems) + 2)
    known, fresh = _speed(_mixed(lines, 0.0)), _speed(_mixed(lines, 0.1))
    figures = {
        "benchmark": "templates", "directory": directory.name, "systems": len(systems), "lines": len(lines),
        "lines_per_second": known, "lines_per_second_with_fresh_ids": fresh,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip
    write_json(asked.json_out, figures)
    return figures


def _write(path: Path, templates: list[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["template"])
        writer.writerows([t] for t in templates)


def _mixed(lines: list[str], fresh: float) -> Iterator[str]:
    """The samples mixed, with other numbers each time; `fresh` is the share that carries an id never seen before."""
    dice = random.Random(1)
    for _ in range(_STREAM):
        line = dice.choice(lines)
        yield f"{line} {dice.getrandbits(64):016x}" if dice.random() < fresh else line


def _speed(stream: Iterator[str]) -> int:
    """Lines a second of learning alone."""
    ready = list(stream)
    miner = TemplateMiner()
    began = time.monotonic()
    miner.add_all(ready)
    return int(len(ready) / (time.monotonic() - began))
