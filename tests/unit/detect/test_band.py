"""The request rate of the next day: better than the same time last week, and its band is held as often as it says."""

import numpy as np
import pytest

from watchkeeper.bench import band as bench
from watchkeeper.detect.band import STEP, foretold, gridded, pinball
from watchkeeper.detect.runway import budget, days_ahead

MONDAY = 1_767_571_200.0


def week(days: int, seed: int = 1, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    times = MONDAY + np.arange(days * 288) * 300.0
    day = (times - MONDAY) / 86400
    level = 100 * (1 + 0.5 * np.sin(day * 2 * np.pi)) * np.where((day % 7) >= 5, 0.5, 1.0)
    return times, level * np.exp(np.random.default_rng(seed).normal(0, noise, len(times)))


def test_it_beats_the_same_time_last_week_and_holds_what_it_says() -> None:
    found = bench.scored(4, services=8, history=28, held=5)
    assert found["pinball"] < 0.7 * found["last_week"]
    assert found["pinball"] < found["last_week_with_its_own_band"]
    assert 0.7 <= found["coverage_of_80"] <= 0.9


def test_weekends_are_learnt_and_the_level_of_late_counts() -> None:
    times, values = week(26)
    saturday = MONDAY + 26 * 86400
    band = foretold(times, values, saturday)
    assert band is not None
    assert len(band.times) == 96
    assert band.times[0] == saturday + STEP / 2
    actual = week(27, noise=0.0)[1][26 * 288 :].reshape(96, 3).mean(axis=1)
    # The quarter of an hour at midnight is drawn towards its neighbour of the working week.
    assert np.abs(band.middle / actual - 1)[1:-1].max() < 0.15
    risen = foretold(times, np.where(times > saturday - 86400, values * 1.5, values), saturday)
    assert risen is not None
    assert np.median(risen.middle / band.middle) > 1.3


def test_it_sees_only_the_past_and_bears_gaps_and_silence() -> None:
    times, values = week(14)
    now = MONDAY + 10 * 86400
    whole, cut = foretold(times, values, now), foretold(times[times < now], values[times < now], now)
    assert whole is not None
    assert cut is not None
    assert np.array_equal(whole.middle, cut.middle)
    holes = values.copy()
    holes[500:900] = np.nan
    assert foretold(times, holes, now) is not None
    assert foretold(times[:300], values[:300], MONDAY + 300 * 300) is None
    silent = foretold(times, np.zeros(len(times)), now)
    assert silent is not None
    assert silent.high.max() < 1e-3
    assert (whole.low <= whole.middle).all()
    assert (whole.middle <= whole.high).all()


def test_the_grid_leaves_out_the_quarter_that_is_not_over() -> None:
    grid, first = gridded(np.array([0.0, 450.0, 900.0, 1000.0, 2700.0]), np.array([1.0, 3.0, 5.0, np.nan, 9.0]), 2750.0)
    assert first == 0
    assert grid[:2].tolist() == [2.0, 5.0]
    assert np.isnan(grid[2])
    assert len(grid) == 3


def test_pinball_punishes_the_side_that_was_told_to_be_rare() -> None:
    actual = np.array([10.0])
    assert pinball(actual, np.array([8.0]), 0.9) > pinball(actual, np.array([12.0]), 0.9)
    assert pinball(actual, actual, 0.5) == 0


@pytest.mark.parametrize(("a_day", "days"), [(5.0, 6), (1.0, 30)])
def test_a_disk_that_fills_is_told_days_ahead_whatever_its_day_looks_like(a_day: float, days: int) -> None:
    hours = np.arange(80 * 6) / 6
    dice = np.random.default_rng(1)
    values = 60 + a_day * hours / 24 + 8 * np.sin(hours / 24 * 2 * np.pi) + dice.normal(0, 0.2, len(hours))
    runway = days_ahead(MONDAY + hours * 3600, values, 100.0)
    if days > 14:
        assert runway is None
        return
    assert runway is not None
    assert runway.earliest <= runway.expected <= runway.latest
    crossed = np.flatnonzero(
        60 + a_day * np.arange(80, 400) / 24 + 8 * np.sin(np.arange(80, 400) / 24 * 2 * np.pi) >= 100
    )[0]
    assert runway.earliest * 0.9 <= crossed * 3600 <= runway.latest * 1.2


def test_what_is_flat_falls_or_only_waves_stays_silent() -> None:
    hours = np.arange(80 * 6) / 6
    at, dice = MONDAY + hours * 3600, np.random.default_rng(2)
    for values in (
        np.full(len(hours), 70.0), 90 + dice.normal(0, 2, len(hours)), 70 - hours / 10, 60 + 35 * np.sin(hours / 24 * 2 * np.pi),
    ):  # fmt: skip
        assert days_ahead(at, values, 100.0) is None
    assert days_ahead(at[:100], 60 + hours[:100], 100.0) is None
    assert days_ahead(at, np.full(len(hours), np.nan), 100.0) is None


def test_the_error_budget_is_told_when_it_goes_fast_and_steadily() -> None:
    dice = np.random.default_rng(3)
    runway = budget(1.44 + dice.normal(0, 0.1, 60), 99.9)
    assert runway is not None
    assert runway.expected == pytest.approx(30 * 86400 / 14.4, rel=0.05)
    assert runway.earliest < runway.expected < runway.latest
    assert budget(np.full(60, 0.05), 99.9) is None
    moments = np.zeros(60)
    moments[::20] = 30
    assert budget(moments, 99.9) is None
