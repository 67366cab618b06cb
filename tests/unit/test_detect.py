"""The adaptive detector and the forecast of crossings: what they see, what they leave alone, and that they never look ahead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.crossing import crossings
from watchkeeper.domain.evidence import Series
from watchkeeper.workflows.forecast import episodes, flagged, forecasts

MINUTE = 60.0
START = 1_750_000_000.0


def life(days: float, seed: int = 1, noise: float = 2.0) -> np.ndarray:
    """A day's wave with noise, one sample a minute."""
    minutes = np.arange(int(days * 1440))
    return 100 + 30 * np.sin(minutes / 1440 * 2 * np.pi) + np.random.default_rng(seed).normal(0, noise, len(minutes))


def watched(
    values: np.ndarray, knob: float = 0.1, detector: AdaptiveDetector | None = None, first: int = 0
) -> np.ndarray:
    detector = detector or AdaptiveDetector(1, MINUTE, knob)
    return np.array([detector.step(START + (first + n) * MINUTE, np.array([v]))[0] for n, v in enumerate(values)])


def test_an_ordinary_week_pages_nobody() -> None:
    assert watched(life(7)).sum() == 0


@pytest.mark.parametrize("jump", [60.0, -60.0])
def test_a_jump_either_way_is_seen_at_once(jump: float) -> None:
    values = life(4)
    values[5000:5010] += jump
    flags = watched(values)
    assert flags[5000:5003].any()
    assert flags[:5000].sum() == 0


def test_what_happens_at_the_same_time_every_day_is_learnt() -> None:
    values = life(8)
    for day in range(8):
        values[day * 1440 + 180 : day * 1440 + 190] += 50
    flags = watched(values)
    assert flags[4 * 1440 :].sum() == 0


def test_a_constant_series_and_one_in_steps_stay_silent() -> None:
    assert watched(np.full(3000, 5.0)).sum() == 0
    assert watched(np.round(life(3, noise=0.3))).sum() == 0


def test_gaps_are_neither_judged_nor_learnt() -> None:
    values = life(4)
    values[3000:3100] = np.nan
    flags = watched(values)
    assert flags.sum() == 0
    assert watched(np.full(500, np.nan)).sum() == 0


def test_a_restart_changes_nothing() -> None:
    values = life(3)
    values[4000] += 70
    whole = AdaptiveDetector(1, MINUTE)
    expected = watched(values, detector=whole)
    first = AdaptiveDetector(1, MINUTE)
    begun = watched(values[:2500], detector=first)
    rest = watched(values[2500:], detector=AdaptiveDetector.restored(first.state()), first=2500)
    assert (np.concatenate([begun, rest]) == expected).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(200, 1500), st.integers(0, 100))
def test_cutting_a_series_short_changes_no_earlier_decision(cut: int, seed: int) -> None:
    values = life(1.1, seed=seed)
    values[300:305] += 40
    assert (watched(values)[:cut] == watched(values[:cut])).all()


def test_series_watched_together_are_judged_as_if_alone() -> None:
    several = np.stack([life(2, seed=s) for s in (1, 2, 3)], axis=1)
    several[2000, 1] += 80
    detector = AdaptiveDetector(3, MINUTE)
    together = np.array([detector.step(START + n * MINUTE, row) for n, row in enumerate(several)])
    for column in range(3):
        assert (together[:, column] == watched(several[:, column])).all()


def test_the_knob_lets_more_through() -> None:
    spiky = life(6) + np.random.default_rng(5).standard_t(2, 6 * 1440) * 3
    assert watched(spiky, knob=0.02).sum() <= watched(spiky, knob=0.1).sum() < watched(spiky, knob=5.0).sum()


def test_the_state_is_small() -> None:
    assert AdaptiveDetector(10, 15.0).bytes_per_series <= 8192


FIVE = 300.0
DAY = 288


def shifts(days: int, seed: int = 1, rests: bool = False) -> np.ndarray:
    """Work from eight to four, on the seventh day perhaps none; a sample every five minutes."""
    place = np.arange(days * DAY)
    busy = (place % DAY >= 96) & (place % DAY < 192) & ((place // DAY % 7 != 6) | (not rests))
    return np.where(busy, 80.0, 20.0) + np.random.default_rng(seed).normal(0, 2, len(place))


def judged(values: np.ndarray, detector: AdaptiveDetector | None = None, first: int = 0) -> np.ndarray:
    detector = detector or AdaptiveDetector(1, FIVE)
    return np.array([detector.step(START + (first + n) * FIVE, np.array([v]))[0] for n, v in enumerate(values)])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_working_day_that_does_not_come_is_seen_while_it_lasts_and_told_once(seed: int) -> None:
    values = shifts(12, seed)
    values[10 * DAY + 80 : 10 * DAY + 200] = np.random.default_rng(seed).normal(20, 2, 120)
    flags = judged(values)
    assert flags[10 * DAY + 96 : 10 * DAY + 200].any()
    assert flags[10 * DAY + 96 : 11 * DAY].sum() <= 2


def test_a_day_of_rest_is_learnt_from_the_week_before() -> None:
    flags = judged(shifts(21, rests=True))
    assert flags[6 * DAY : 7 * DAY].any()
    assert flags[7 * DAY + 192 :].sum() == 0


def test_spikes_that_become_frequent_are_seen_though_each_is_usual() -> None:
    dice = np.random.default_rng(4)
    values = dice.normal(10, 1, 12 * DAY)
    values[dice.random(len(values)) < 0.02] = 60
    often = values.copy()
    place = slice(9 * DAY + 60, 9 * DAY + 132)
    often[place] = np.where(dice.random(72) < 0.5, 60, often[place])
    assert judged(often)[9 * DAY + 60 : 9 * DAY + 150].any()
    assert judged(values)[5 * DAY :].sum() <= 1


def late_day(cut: int | None = None) -> np.ndarray:
    values = shifts(10)
    values[8 * DAY + 80 : 8 * DAY + 200] = 20.0
    values[7 * DAY + 10 : 7 * DAY + 60] = np.nan
    return values[:cut]


@pytest.mark.parametrize("cut", [8 * DAY + 110, 8 * DAY + 131, 8 * DAY + 190])
def test_hours_are_judged_from_their_past_alone_and_a_restart_changes_nothing(cut: int) -> None:
    whole = judged(late_day())
    assert whole[8 * DAY + 96 : 8 * DAY + 200].any()
    first = AdaptiveDetector(1, FIVE)
    begun = judged(late_day(cut), first)
    assert (whole[:cut] == begun).all()
    assert (whole[cut:] == judged(late_day()[cut:], AdaptiveDetector.restored(first.state()), cut)).all()


def test_series_with_times_of_their_own_are_judged_as_if_alone() -> None:
    values = np.stack([late_day(), shifts(10, 5)], axis=1)
    detector = AdaptiveDetector(2, FIVE)
    apart = np.array([0.0, 1000.0])
    found = np.array([detector.step(START + n * FIVE + apart, row) for n, row in enumerate(values)])
    alone = AdaptiveDetector(1, FIVE)
    second = [alone.step(START + 1000 + n * FIVE, np.array([v]))[0] for n, v in enumerate(values[:, 1])]
    assert (found[:, 0] == judged(values[:, 0])).all()
    assert (found[:, 1] == second).all()


def test_a_silence_longer_than_the_memory_begins_anew() -> None:
    detector = AdaptiveDetector(1, FIVE)
    judged(shifts(9), detector)
    assert np.isfinite(detector.hours.means).sum() > 100
    detector.step(START + 30 * 86400, np.array([20.0]))
    assert not np.isfinite(detector.hours.means).any()


@pytest.mark.parametrize("interval", [15.0, 3600.0, 10800.0, 86400.0, 604800.0])
def test_at_any_interval_noise_pages_no_more_than_the_knob_allows(interval: float) -> None:
    detector = AdaptiveDetector(2, interval)
    values = np.random.default_rng(1).normal(10, 1, (400, 2))
    flags = [detector.step(START + n * interval, row) for n, row in enumerate(values)]
    assert np.sum(flags) <= max(2, 0.1 * 800 * interval / 86400)


def ramp(minutes: int, per_minute: float, noise: float = 0.4, seed: int = 3) -> np.ndarray:
    """Flat for ten hours, then growing."""
    flat = np.full(600, 40.0)
    grown = 40 + per_minute * np.arange(minutes)
    return np.concatenate([flat, grown]) + np.random.default_rng(seed).normal(0, noise, 600 + minutes)


def test_a_leak_is_foreseen_between_fifteen_minutes_and_two_hours_ahead() -> None:
    values = ramp(240, 0.25)
    crossed = int(np.argmax(values >= 95))
    found = crossings(values, 95.0, MINUTE)
    first = int(np.argmax(found.warned))
    assert found.warned.any()
    assert 15 <= crossed - first <= 120
    assert found.earliest[first] / 60 <= crossed - first <= found.latest[first] / 60


def test_a_step_that_stays_below_the_limit_is_no_slope() -> None:
    for seed in range(5):
        noise = np.random.default_rng(seed).normal(0, 0.5, 1200)
        assert not crossings(np.where(np.arange(1200) < 800, 40.0, 70.0) + noise, 95.0, MINUTE).warned.any()


def test_flat_noise_and_growth_that_stops_far_below_stay_silent() -> None:
    assert not crossings(np.random.default_rng(2).normal(50, 3, 3000), 95.0, MINUTE).warned.any()
    stopped = np.concatenate([ramp(60, 0.2), np.full(600, 52.0)])
    assert not crossings(stopped, 95.0, MINUTE).warned.any()


@settings(max_examples=20, deadline=None)
@given(st.integers(30, 800))
def test_a_forecast_never_looks_ahead(cut: int) -> None:
    values = ramp(240, 0.25)
    values[100] = 96.0
    whole, part = crossings(values, 95.0, MINUTE), crossings(values[:cut], 95.0, MINUTE)
    assert (whole.warned[:cut] == part.warned).all()
    assert np.array_equal(whole.left[:cut], part.left, equal_nan=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_limit_touched_for_a_moment_out_of_the_blue_warns(seed: int) -> None:
    values = np.random.default_rng(seed).normal(50, 2, 1200)
    values[900] = 97.0
    warned = crossings(values, 95.0, MINUTE).warned.nonzero()[0]
    assert list(warned) == [900]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_touch_by_a_series_that_often_comes_near_warns_of_nothing(seed: int) -> None:
    values = np.random.default_rng(seed).normal(50, 2, 1200)
    values[100::200] = 85.0
    values[950] = 97.0
    assert not crossings(values, 95.0, MINUTE).warned.any()


def test_who_cried_wolf_is_believed_less() -> None:
    steps = np.tile(np.concatenate([40 + 0.5 * np.arange(100), np.full(200, 40.0)]), 8)
    warned = crossings(np.minimum(steps, 88.0), 95.0, MINUTE).warned.nonzero()[0]
    assert len(warned) <= 4
    assert np.diff(warned)[-1] > 2 * np.diff(warned)[0]


def series(metric: str, values: np.ndarray) -> Series:
    return Series("pay", metric, START + MINUTE * np.arange(len(values)), values)


def test_episodes_of_the_window_are_told_with_what_is_usual() -> None:
    values = life(4)
    values[5000:5010] += 60
    one = series("latency-95", values)
    found = episodes(one, flagged([one])[0], START + 4800 * MINUTE)
    assert len(found) == 1
    assert found[0]["metric"] == "latency-95"
    assert found[0]["usual"] == pytest.approx(100, abs=15)
    assert episodes(one, flagged([one])[0], START + 5200 * MINUTE) == []


def test_a_pool_about_to_be_full_is_forecast_with_a_range() -> None:
    values = ramp(205, 0.25)
    said = forecasts([series("pool-rate", values), series("latency-95", values)])
    assert [f["metric"] for f in said] == ["pool-rate"]
    assert said[0]["earliest"] < said[0]["expected"] < said[0]["latest"]
