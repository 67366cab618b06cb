"""Benchmarks that need no data run the same path as production: simulated servers, real adapters, one diagnosis."""

import pytest

from watchkeeper.bench import scale, worlds


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
