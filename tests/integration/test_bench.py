"""Benchmarks that need no data run the same path as production: simulated servers, real adapters, one diagnosis."""

import gzip
import json
from pathlib import Path

import pytest

from watchkeeper.bench import pipelines, scale, worlds
from watchkeeper.bench._asked import Asked
from watchkeeper.domain.errors import InvalidInput


@pytest.mark.parametrize("name", ["healthy", "slow_database", "two_at_once"])
async def test_what_the_simulated_world_suffers_from_is_named(name: str) -> None:
    play = next(p for p in worlds.every_play() if p.name == name)
    found = await worlds.played(play, seed=3)
    assert worlds.judged(play, found) == (True, True), [(h.service, h.kind, h.score) for h in found.hypotheses]


def test_every_scenario_of_the_shelf_is_played() -> None:
    assert len(worlds.every_play()) >= 13


def test_a_generated_incident_is_diagnosed_the_same_when_only_a_sample_of_traces_is_looked_at() -> None:
    small = scale.measured((20, 20, 20_000, 10_000))
    large = scale.measured((20, 20, 200_000, 150_000))
    assert small["right"]
    assert large["right"]


def test_logs_are_answered_by_name_and_nothing_else_of_the_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "_LARGE", 3_000_000)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/a-1.log.gz").write_bytes(gzip.compress(b"x\n--- FAIL: TestIt (0.1s)\n"))
    figures = pipelines.run(Asked(tmp_path, predictions=tmp_path / "out.jsonl"))
    assert figures["logs"] == 1
    assert json.loads((tmp_path / "out.jsonl").read_text()) == {"id": "a-1", "lines": [2], "category": "test"}
    with pytest.raises(InvalidInput):
        pipelines.run(Asked(tmp_path / "logs"))
