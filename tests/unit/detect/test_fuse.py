"""Metrics of a service to one finding: sudden surprises, and slow shifts that many metrics share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.detect.adaptive import AdaptiveDetector
from watchkeeper.detect.fuse import Together, fused

FIVE, HALF_HOUR = 300.0, 1800.0
DAY = 48
START = 1_749_945_600.0


def together(surprise: np.ndarray, interval: float, knob: float = 0.1) -> np.ndarray:
    """[sample, metric] of one service."""
    fuse, calm = Together(np.zeros(surprise.shape[1], int), knob), np.zeros(surprise.shape[1])
    return np.array([fuse.step(START + n * interval, row, calm)[0] for n, row in enumerate(surprise)])


def test_several_metrics_add_up_what_none_says_alone() -> None:
    quiet = np.zeros((60, 6))
    alone, two, four = quiet.copy(), quiet.copy(), quiet.copy()
    alone[30, 0] = 50
    two[30, 0] = two[33, 1] = 6.5
    four[30, :4] = 4
    assert not together(alone, FIVE).any()
    assert together(two, FIVE).nonzero()[0].tolist() == [33]
    assert together(four, FIVE).nonzero()[0].tolist() == [30]
    assert not together(two * 0.6, FIVE).any()
    assert not together(two, FIVE, 0.01).any()
    two[33, 1], two[45, 1] = 0, 6.5
    assert not together(two, FIVE).any()


@pytest.mark.parametrize("interval", [15.0, 60.0, FIVE])
def test_half_an_hour_is_the_same_at_any_interval(interval: float) -> None:
    samples = round(7200 / interval)
    near, far = np.zeros((2, samples, 2))
    near[0, 0] = near[round(1500 / interval), 1] = 8
    far[0, 0] = far[round(2400 / interval), 1] = 8
    assert together(near, interval).any()
    assert not together(far, interval).any()


@given(st.integers(1, 59), st.integers(0, 50))
def test_metrics_together_never_look_ahead(cut: int, seed: int) -> None:
    surprise = np.random.default_rng(seed).exponential(2.0, (60, 5))
    assert (together(surprise, 400.0)[:cut] == together(surprise[:cut], 400.0)).all()


def test_services_of_a_fleet_do_not_mix() -> None:
    fuse = Together(np.array([0, 1, 0, 1]))
    assert fuse.step(START, np.array([8.0, 0, 0, 8.0]), np.zeros(4)).tolist() == [False, False]
    assert fuse.step(START + 60, np.array([0, 8.0, 0, 0]), np.zeros(4)).tolist() == [False, True]


def test_two_metrics_that_agree_lately_are_a_finding_one_alone_is_none() -> None:
    flags = np.zeros((30, 3), bool)
    flags[5, 0] = flags[20, 0] = flags[23, 2] = True
    assert fused(flags).nonzero()[0].tolist() == [23]


def week(days: int, metrics: int, seed: int = 1) -> np.ndarray:
    """A daily wave with slow wander and noise in every metric."""
    dice = np.random.default_rng(seed)
    place = np.arange(days * DAY)[:, None]
    wander = np.cumsum(dice.normal(0, 0.12, (days * DAY, metrics)), axis=0) * 0.2
    return 100 + 20 * np.sin(place / DAY * 2 * np.pi) + wander + dice.normal(0, 3, (days * DAY, metrics))


def told(values: np.ndarray) -> np.ndarray:
    """Places at which the service of these metrics is told."""
    metrics = values.shape[1]
    detector, fuse, out = AdaptiveDetector(metrics, HALF_HOUR), Together(np.zeros(metrics, int)), []
    for n, row in enumerate(values):
        at = START + n * HALF_HOUR
        detector.step(at, row)
        out.append(fuse.step(at, detector.surprise, detector.shift)[0])
    return np.flatnonzero(out)


def drifting(metrics: int, moved: int, seed: int = 1) -> np.ndarray:
    """Within six hours of the twelfth day the first `moved` metrics rise by as much as the daily wave, and stay there."""
    values = week(14, metrics, seed)
    values[11 * DAY :, :moved] += np.minimum(np.arange(3 * DAY) / 12, 1)[:, None] * 20
    return values


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_shift_that_many_metrics_share_is_told_once_within_half_a_day(seed: int) -> None:
    found = told(drifting(8, 8, seed))
    assert len(found) == 1
    assert 11 * DAY < found[0] <= 11 * DAY + DAY // 2


@pytest.mark.parametrize("seed", [1, 2])
def test_a_shift_of_one_metric_and_a_calm_fortnight_tell_nothing(seed: int) -> None:
    assert len(told(drifting(8, 1, seed))) == 0
    assert len(told(week(14, 8, seed))) == 0


def test_half_a_day_after_something_sudden_was_told_its_shift_is_no_news() -> None:
    values = week(14, 8)
    values[11 * DAY :, :] += 80
    found = told(values)
    assert found[0] == 11 * DAY
    assert found[-1] < 11 * DAY + 4


def test_a_shift_is_told_from_its_past_alone() -> None:
    values = drifting(5, 5)[: 12 * DAY]
    [place] = told(values)
    assert told(values[:place]).tolist() == []
    assert told(values[: place + 1]).tolist() == [place]


def test_a_restart_keeps_what_is_usual() -> None:
    values = drifting(5, 5)
    whole, first = AdaptiveDetector(5, HALF_HOUR), AdaptiveDetector(5, HALF_HOUR)
    for n, row in enumerate(values[: 10 * DAY]):
        whole.step(START + n * HALF_HOUR, row)
        first.step(START + n * HALF_HOUR, row)
    second = AdaptiveDetector.restored(first.state())
    for n, row in enumerate(values[10 * DAY :], 10 * DAY):
        whole.step(START + n * HALF_HOUR, row)
        second.step(START + n * HALF_HOUR, row)
        assert (whole.shift == second.shift).all()
    assert whole.shift.max() > 3
