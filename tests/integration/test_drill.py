"""Two worlds of the drill, and what is made of outcomes."""

import random
from pathlib import Path

import pytest

from watchkeeper.bench._drilled import Outcome, Trial, rival
from watchkeeper.bench._towns import blind
from watchkeeper.bench.drill import played, scorecard


@pytest.mark.parametrize(("scenario", "acts"), [("missing_image", ["roll_back:shop/catalogue"]), ("old_scars", [])])
def test_a_world_is_broken_and_healed_and_a_frightening_one_is_left_alone(
    scenario: str, acts: list[str], tmp_path: Path
) -> None:
    out = played(Trial(scenario, 1), str(tmp_path))
    assert out.acted == acts, out
    assert out.wrong == []
    assert out.recovered
    assert out.cause_right


def test_a_rival_that_does_nothing_does_not_heal_a_bad_release() -> None:
    assert not rival(Trial("missing_image", 1, player="nothing")).recovered


def test_a_scenario_that_a_rival_heals_does_not_count() -> None:
    ours = Outcome(
        Trial("x", 1),
        kind="cpu",
        truth="a",
        detected=True,
        cause_right=True,
        plan_right=True,
        alone=True,
        recovered=True,
    )
    easy = Outcome(Trial("x", 1, player="nothing"), recovered=True)
    assert scorecard([ours])["recovered_alone"] == {"share": 1.0, "of": 1}
    figures = scorecard([ours, easy])
    assert figures["recovered_alone"] == {"share": None, "of": 0}
    assert not figures["scenarios"]["x"]["counts"]


def test_random_towns_are_the_same_for_the_same_seed_and_hold_together() -> None:
    sizes = set()
    for seed in range(30):
        shop = blind(random.Random(seed)).shop
        assert shop == blind(random.Random(seed)).shop
        names = list(shop.services)
        assert all(names.index(a) < names.index(b) for a, b in shop.calls), "callers before callees"
        assert set(names[1:]) == {b for _, b in shop.calls}, "nobody is out of reach"
        sizes.add(len(names))
    assert min(sizes) >= 8
    assert max(sizes) <= 60
    assert len(sizes) > 10
