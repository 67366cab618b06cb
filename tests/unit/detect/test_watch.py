"""The scanner's thinking: what departs, what agrees, what is never told, and that a restart changes nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.bench import fleet
from watchkeeper.bench._life import METRICS, START, lived
from watchkeeper.detect.knob import DEEPEST, demanded, false_pages_per_series_day
from watchkeeper.detect.shards import shard_of
from watchkeeper.detect.vitals import BY_NAME
from watchkeeper.detect.watch import Known, SeriesKey, Terms, Watch, agreement, passed_by_itself
from watchkeeper.detect.watch_state import restored, saved
from watchkeeper.domain.sighting import Sighting, SightingKind

DAY = 1440
SHOP = ("workload", "error-rate", "latency-95", "cpu", "mem-rate")


def keys(*metrics: str, service: str = "cart") -> list[SeriesKey]:
    return [SeriesKey("shop", service, m) for m in metrics]


def calm(minutes: int, *, rps: float = 20.0, seed: int = 1) -> np.ndarray:
    """A service's normal life, columns as in SHOP."""
    dice = np.random.default_rng(seed)
    wave = 1 + 0.4 * np.sin(np.arange(minutes) / DAY * 2 * np.pi)
    level = np.stack([rps * wave, np.full(minutes, 0.2), 0.2 * wave**0.2, 300 * wave, np.full(minutes, 50.0)], axis=1)
    return level * (1 + 0.03 * dice.normal(0, 1, level.shape))


def run(watch: Watch, values: np.ndarray, first: int = 0, known: Known | None = None) -> list[tuple[int, Sighting]]:
    columns = watch.admit(keys(*SHOP))
    told = []
    for n, row in enumerate(values, first):
        told += [(n, s) for s in watch.scan(START + 60.0 * n, columns, row, known or Known())]
    return told


def broken(values: np.ndarray, at: int, last: int = 40, **factors: float) -> np.ndarray:
    out = values.copy()
    for metric, factor in factors.items():
        out[at : at + last, SHOP.index(metric.replace("_", "-"))] *= factor
    return out


def test_two_groups_that_agree_open_and_are_told_once() -> None:
    watch = Watch(Terms())
    told = run(watch, broken(calm(3 * DAY), 2 * DAY, 90, latency_95=4, cpu=3))
    opening = [(n, s) for n, s in told if s.opens]
    assert len(opening) == 1
    at, sighting = opening[0]
    assert 2 * DAY < at <= 2 * DAY + 10
    assert sighting.because == "cpu and latency agree, and users feel latency"
    assert not sighting.severe
    assert "latency-95" in sighting.words
    assert [s.opens for s in watch.ended] == [True]
    assert passed_by_itself(watch.ended[0])


@pytest.mark.parametrize(
    "factors",
    [{"latency_95": 4.0}, {"cpu": 3.0, "mem_rate": 1.5}, {"latency_95": 1.2, "cpu": 1.25}, {"latency_95": 0.3, "cpu": 0.3}],
    ids=["one signal alone", "causes nobody feels", "a release a fifth slower", "everything better"],
)  # fmt: skip
def test_what_opens_nothing(factors: dict[str, float]) -> None:
    told = run(Watch(Terms()), broken(calm(3 * DAY), 2 * DAY, **factors))
    assert [s for _, s in told if s.opens] == []


def test_two_minutes_of_anything_open_nothing() -> None:
    told = run(Watch(Terms()), broken(calm(3 * DAY), 2 * DAY, 2, latency_95=8, error_rate=50, cpu=4))
    assert [s for _, s in told if s.opens] == []


def test_a_service_with_too_little_traffic_is_not_judged_by_its_requests() -> None:
    bad = {"latency_95": 6.0, "error_rate": 80.0, "cpu": 3.0}
    busy = run(Watch(Terms()), broken(calm(3 * DAY), 2 * DAY, **bad))
    idle = run(Watch(Terms()), broken(calm(3 * DAY, rps=0.2), 2 * DAY, **bad))
    assert [s.opens for _, s in busy] == [True]
    assert [s for _, s in idle if s.opens] == []


def test_nothing_is_said_before_the_warm_up_is_over() -> None:
    told = run(Watch(Terms(warm_up=2.5 * 86400)), broken(calm(3 * DAY), 2 * DAY, latency_95=5, cpu=3))
    assert told == []


def test_what_came_at_this_time_yesterday_opens_nothing_today() -> None:
    values = calm(4 * DAY)
    for day in (2, 3):
        values = broken(values, day * DAY + 300, 30, latency_95=4, cpu=3)
    told = [(n // DAY, s.opens) for n, s in run(Watch(Terms()), values)]
    assert (2, True) in told
    assert (3, True) not in told


def test_a_leak_is_told_before_the_limit_and_is_severe_only_close_to_it() -> None:
    values = calm(4 * DAY)
    begin, end = 3 * DAY, 3 * DAY + 240
    values[begin:end, 4] = np.linspace(50, 100, end - begin)
    told = [(n, s) for n, s in run(Watch(Terms()), values) if s.kind is SightingKind.LIMIT]
    first, sighting = told[0]
    assert 25 <= end - first <= 90
    assert sighting.opens
    assert sighting.crossing is not None
    assert sighting.crossing.earliest <= START + 60 * end <= sighting.crossing.latest
    assert [s.severe for _, s in told] == sorted(s.severe for _, s in told)


def test_a_climb_of_every_morning_and_a_saw_stay_silent() -> None:
    values = calm(4 * DAY)
    minute = np.arange(4 * DAY)
    for shape in (60 + 35 * np.sin(minute / DAY * 2 * np.pi), 55 + 40 * (minute % 200) / 200):
        values[:, 4] = shape + np.random.default_rng(3).normal(0, 0.5, len(minute))
        assert [s for _, s in run(Watch(Terms()), values) if s.kind is SightingKind.LIMIT] == []


def test_a_restart_in_the_middle_changes_nothing() -> None:
    values = broken(calm(3 * DAY), 2 * DAY, 60, latency_95=4, cpu=3)
    whole = run(Watch(Terms()), values)
    for cut in (2 * DAY + 3, 2 * DAY + 20):
        first = Watch(Terms())
        told = run(first, values[:cut])
        again = restored(saved(first), Terms())
        assert again is not None
        assert told + run(again, values[cut:], cut) == whole
    assert restored(saved(first), Terms(interval=30.0)) is None


def test_the_knob_of_today_counts_after_a_restart() -> None:
    watch = Watch(Terms(false_pages_per_day=0.1))
    run(watch, calm(100))
    again = restored(saved(watch), Terms(false_pages_per_day=0.01))
    assert again is not None
    assert [b.false_pages_per_day for b in again.blocks] == [0.01]


def test_cutting_a_series_short_changes_no_earlier_decision() -> None:
    values = broken(calm(3 * DAY), 2 * DAY, 60, latency_95=4, cpu=3)
    whole = run(Watch(Terms()), values)
    cut = 2 * DAY + 30
    assert run(Watch(Terms()), values[:cut]) == [(n, s) for n, s in whole if n < cut]


def test_services_that_come_later_and_gaps_are_borne() -> None:
    watch = Watch(Terms())
    values = calm(3 * DAY)
    run(watch, values[:DAY])
    late = watch.admit(keys(*SHOP, service="late"))
    columns = watch.admit(keys(*SHOP))
    for n in range(DAY + 200, 3 * DAY):
        both = np.concatenate([values[n], values[n]])
        assert watch.scan(START + 60.0 * n, np.concatenate([columns, late]), both, Known()) == []
    assert len(watch.keys) == 10
    assert watch.scan(watch.at, columns, values[0], Known()) == []


def test_noise_makes_a_service_show_more_and_real_takes_it_back() -> None:
    assert demanded(0, 0) == demanded(3, 1) == 1.0
    assert 1.0 < demanded(0, 1) < demanded(0, 2) <= DEEPEST == demanded(0, 50)
    values = broken(calm(3 * DAY), 2 * DAY, latency_95=2.6, cpu=2.6)
    assert any(s.opens for _, s in run(Watch(Terms()), values))
    deaf = Known({"cart": demanded(0, 3)})
    assert not any(s.opens for _, s in run(Watch(Terms()), values, known=deaf))
    worse = broken(calm(3 * DAY), 2 * DAY, latency_95=12, cpu=8)
    assert any(s.opens for _, s in run(Watch(Terms()), worse, known=deaf))


def test_the_knob_grows_with_what_people_accept_and_shrinks_with_the_fleet() -> None:
    rates = [false_pages_per_series_day(p, 40, 12) for p in (0.2, 1, 5)]
    assert rates == sorted(rates)
    assert rates[0] < rates[-1]
    assert false_pages_per_series_day(1, 400, 12) < false_pages_per_series_day(1, 40, 12)
    assert 0 < false_pages_per_series_day(1, 0, 0) <= 1


def test_signals_of_one_group_are_one_witness() -> None:
    both = [(BY_NAME["latency-50"], 3.0), (BY_NAME["latency-95"], 3.0)]
    assert agreement(both) == ""
    assert agreement(both, seen_by=1)
    assert agreement([*both, (BY_NAME["cpu"], 0.6)])
    assert agreement([(BY_NAME["latency-95"], 1.2), (BY_NAME["cpu"], 0.6)]) == ""


def test_a_small_fleet_lives_quietly_and_its_faults_are_seen() -> None:
    quiet = fleet.watched(lived(5, services=10, days=4))
    assert len(quiet.incidents) <= 1
    assert not any(i.severe for i in quiet.incidents)
    life = lived(5, services=10, days=4, faults=4, quiet_days=2)
    found = fleet.seen(life, fleet.watched(life).incidents)
    assert found["seen"] >= 3
    assert found["paged_by_others"] == 0
    assert len(METRICS) == 12


@given(st.integers(1, 256), st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=30))
def test_a_workload_is_in_exactly_one_shard(of: int, workloads: list[tuple[str, str]]) -> None:
    for namespace, service in workloads:
        assert [n for n in range(of) if n == shard_of(namespace, service, of)] == [shard_of(namespace, service, of)]


def test_one_namespace_divides_over_all_shards_and_stays_where_it_is() -> None:
    places = [shard_of("shop", f"s{n}", 4) for n in range(200)]
    assert min(places.count(n) for n in range(4)) >= 30
    assert [shard_of("shop", name, 4) for name in ("cart", "pay", "search")] == [3, 2, 2]


def test_shards_tell_what_the_whole_tells() -> None:
    fleet_keys = [SeriesKey("shop", f"s{n}", m) for n in range(6) for m in SHOP]
    values = np.concatenate([calm(2 * DAY, seed=n) for n in range(6)], axis=1)
    for service in (1, 4):
        values[DAY + 200 * service : DAY + 200 * service + 40, service * len(SHOP) + 2] *= 4
        values[DAY + 200 * service : DAY + 200 * service + 40, service * len(SHOP) + 3] *= 4

    def sightings(of: int, shard: int) -> set[str]:
        mine = [n for n, k in enumerate(fleet_keys) if shard_of(k.namespace, k.service, of) == shard]
        watch = Watch(Terms())
        columns = watch.admit([fleet_keys[n] for n in mine])
        return {
            s.fingerprint
            for n, row in enumerate(values)
            for s in watch.scan(START + 60 * n, columns, row[mine], Known())
        }

    whole = sightings(1, 0)
    assert len(whole) >= 2
    parts = [sightings(3, shard) for shard in range(3)]
    assert set().union(*parts) == whole
    assert sum(len(p) for p in parts) == len(whole)


@pytest.mark.parametrize(("lasts", "opens"), [(3600.0, True), (-3600.0, False)], ids=["now", "an hour ago"])
def test_what_another_shard_saw_of_a_caller_confirms(lasts: float, opens: bool) -> None:
    begin = START + 60.0 * 2 * DAY
    known = Known(callers={"cart": frozenset({"web"})}, calls={("shop", "web"): (begin - 7200, begin + lasts)})
    told = run(Watch(Terms()), broken(calm(3 * DAY), 2 * DAY, latency_95=4), known=known)
    assert [s.opens for _, s in told] == [opens]


def test_metrics_that_are_odd_together_are_asked_and_others_are_left_alone() -> None:
    watch = Watch(Terms())
    watch.admit(keys(*SHOP) + keys(*SHOP, service="pay"))
    told = watch.fuse.step(START, np.array([7.0, 0, 0, 7.0, 0, 7.0, 0, 0, 0, 0]), np.zeros(10))
    assert told.tolist() == [True, False]
    assert watch.fuse.witnesses(told, np.zeros(10)).tolist() == [True, False, False, True, False] + 5 * [False]
    watch.admit(keys("queue"))
    assert watch.fuse.step(START + 60, np.array([0.0] * 10 + [3.0]), np.zeros(11)).tolist() == [True, False]
