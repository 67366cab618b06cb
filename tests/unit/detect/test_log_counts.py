"""New statements, jumps, silences: told where they are, silent on ordinary life."""

import numpy as np
import pytest

from watchkeeper.detect.log_counts import Statement, bin_seconds, log_anomalies

START, ONSET, END = 0.0, 7200.0, 10800.0


def steady(
    seed: int, rate: float, service: str = "web", template: str = "request served", end: float = END
) -> Statement:
    """Lines at random times, `rate` a minute."""
    dice = np.random.default_rng(seed)
    return Statement(service, template, np.sort(dice.uniform(START, end, dice.poisson(rate * end / 60))))


def test_ordinary_life_is_quiet() -> None:
    calm = [steady(n, rate, f"s{n}", f"t{n}") for n, rate in enumerate((1, 5, 20, 60, 200))]
    assert log_anomalies(calm, START, ONSET, END) == []


def test_a_new_statement_is_told_once_it_is_no_accident() -> None:
    new = Statement("web", "panic", np.array([8000.0, 8010.0, 8020.0]), bad=True)
    once = Statement("web", "odd", np.array([8000.0]))
    found = log_anomalies([steady(1, 30), new, once], START, ONSET, END)
    assert [(a.kind, a.template, a.count, a.began) for a in found] == [("new", "panic", 3, 8000.0)]


def test_a_jump_is_told_where_two_bins_agree() -> None:
    base = steady(2, 20, template="retry")
    burst = np.sort(np.concatenate([base.times, np.random.default_rng(3).uniform(8000, 8600, 3000)]))
    found = log_anomalies([Statement("web", "retry", burst), steady(4, 30)], START, ONSET, END)
    assert [(a.kind, a.template) for a in found] == [("jump", "retry")]
    assert found[0].during > 5 * found[0].before
    assert 7900 <= found[0].began <= 8200


@pytest.mark.parametrize("period", [5.0, 30.0, 300.0])
def test_a_heartbeat_that_stops_is_told(period: float) -> None:
    beats = Statement("web", "alive", np.arange(0, 8000, period))
    found = log_anomalies([beats, steady(5, 30)], START, ONSET, END)
    assert [(a.kind, a.template) for a in found] == [("silent", "alive")]
    assert log_anomalies([Statement("web", "alive", np.arange(0, END, period))], START, ONSET, END) == []


def test_what_comes_irregularly_is_no_heartbeat() -> None:
    assert log_anomalies([steady(6, 2, end=7900.0)], START, ONSET, END) == []


def test_failures_stand_first_and_short_normal_time_has_short_bins() -> None:
    new = [
        Statement("a", "info line", np.array([8000.0] * 90)),
        Statement("b", "bad line", np.array([8000.0] * 3), bad=True),
    ]
    assert [a.template for a in log_anomalies(new, START, ONSET, END)] == ["bad line", "info line"]
    assert (bin_seconds(0, 7200), bin_seconds(0, 1800), bin_seconds(0, 60)) == (60.0, 30.0, 5.0)
