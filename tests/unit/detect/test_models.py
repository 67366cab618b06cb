"""Every detector of the shelf: it learns, sees, is saved and loaded, never looks ahead; versions are promoted when not worse."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from watchkeeper.bench._life import START
from watchkeeper.detect.backtest import Scores, back_test, broken, not_worse
from watchkeeper.detect.features import features
from watchkeeper.detect.model import SHELF, Model, ModelTerms
from watchkeeper.detect.watch import Known, SeriesKey, Terms, Watch
from watchkeeper.domain.errors import ConfigurationError, InvalidInput
from watchkeeper.settings import Settings
from watchkeeper.shelf import plugin, plugins
from watchkeeper.workflows.model_library import Library, library

AT = datetime(2026, 3, 1, 3, tzinfo=UTC)


def history(minutes: int = 1500, series: int = 4, seed: int = 1) -> np.ndarray:
    dice = np.random.default_rng(seed)
    wave = np.sin(np.arange(minutes) / 400 * 2 * np.pi)[:, None]
    scale = np.array([1.0, 100.0, 0.01, 5000.0])[:series]
    return scale * (10 + wave + dice.normal(0, 0.2, (minutes, series)))


@pytest.fixture(scope="module", params=["adaptive", "isolation_forest", "lstm"])
def model(request: pytest.FixtureRequest) -> Model:
    if request.param == "lstm":
        pytest.importorskip("torch", reason="the optional extra lstm is not installed")
    made: Model = plugin(SHELF, "build", request.param)(ModelTerms())
    made.fit([history()], lambda done, total: None)
    return made


def test_the_shelf_holds_what_the_settings_name() -> None:
    named = Settings.model_fields["anomaly_detection"].annotation.model_fields["model_type"].annotation.__args__  # type: ignore[union-attr]
    assert sorted(named) == sorted(plugins(SHELF, "build"))


def test_a_fault_stands_out_and_normal_life_does_not(model: Model) -> None:
    values = history(seed=2)
    calm = model.flag(values)
    assert calm.shape == values.shape
    assert calm[200:].mean() < 0.03
    values[900:912, 1] *= 2
    assert model.flag(values)[900:917, 1].any()
    assert model.score(values)[900:905, 1].max() > model.score(history(seed=2))[900:905, 1].max()


def test_it_is_the_same_after_saving_and_loading(model: Model, tmp_path: Path) -> None:
    values, _ = broken(history(seed=3), 200, np.random.default_rng(1))
    model.save(tmp_path)
    again: Model = plugin(SHELF, "build", model.name)(ModelTerms())
    again.load(tmp_path)
    assert (again.flag(values) == model.flag(values)).all()
    assert [p for p in tmp_path.iterdir() if p.suffix in (".pkl", ".joblib")] == []


def test_cutting_a_series_short_changes_no_earlier_decision(model: Model) -> None:
    values, _ = broken(history(seed=4), 200, np.random.default_rng(2))
    assert (model.flag(values)[:700] == model.flag(values[:700])).all()


def test_gaps_and_constant_series_are_borne(model: Model) -> None:
    values = history(series=3, seed=5)
    values[400:460] = np.nan
    values[:, 2] = 7.0
    flags = model.flag(values)
    assert not flags[400:460].any()
    assert not flags[:, 2].any()


def test_it_may_raise_the_flags_of_the_scanner(model: Model) -> None:
    names = ("workload", "latency-95", "cpu")
    values = np.abs(history(900, 3, seed=6)) / np.array([1.0, 100.0, 0.01]) * np.array([2.0, 0.02, 30.0])
    values[800:840, 1:] *= 4
    watch = Watch(Terms(warm_up=3600 * 10), None if model.name == "adaptive" else model)
    columns = watch.admit([SeriesKey("shop", "cart", m) for m in names])
    told = [(n, s) for n, row in enumerate(values) for s in watch.scan(START + 60.0 * n, columns, row, Known())]
    assert any(s.opens and 800 <= n <= 815 for n, s in told)


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_the_forest_calls_as_much_unusual_as_contamination_says(share: float) -> None:
    forest: Model = plugin(SHELF, "build", "isolation_forest")(ModelTerms(contamination=share))
    forest.fit([history()], lambda done, total: None)
    assert forest.flag(history())[100:].mean() == pytest.approx(share, rel=0.35)


def test_without_torch_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConfigurationError, match="PyTorch is not installed") as caught:
        plugin(SHELF, "build", "lstm")(ModelTerms())
    assert "watchkeeper[lstm]" in caught.value.hint


def test_too_little_history_is_said() -> None:
    forest: Model = plugin(SHELF, "build", "isolation_forest")(ModelTerms())
    with pytest.raises(InvalidInput, match="too little"):
        forest.fit([history(30)], lambda done, total: None)
    with pytest.raises(InvalidInput, match="not trained"):
        forest.score(history(200))


def test_features_depend_on_the_past_alone() -> None:
    values = history(300)
    assert np.array_equal(features(values)[:200], features(values[:200]), equal_nan=True)


def test_the_back_test_tells_a_good_model_from_a_deaf_one(tmp_path: Path) -> None:
    class Deaf:
        name, lookback = "deaf", 0

        def flag(self, values: np.ndarray) -> np.ndarray:
            return np.zeros(values.shape, bool)

    whole = history(3000, seed=7)
    forest: Model = plugin(SHELF, "build", "isolation_forest")(ModelTerms(contamination=0.005))
    forest.fit([whole[:2000]], lambda done, total: None)
    good = back_test(forest, whole[:2000], whole[2000:], 60.0, 1)
    deaf = back_test(Deaf(), whole[:2000], whole[2000:], 60.0, 1)  # type: ignore[arg-type]
    assert good == back_test(forest, whole[:2000], whole[2000:], 60.0, 1)
    assert good.found > 0.8
    assert (deaf.found, deaf.f1, deaf.false_pages_per_series_day) == (0, 0, 0)
    assert not_worse(good, deaf)
    assert not not_worse(deaf, good)
    assert not_worse(deaf, None)


def test_versions_are_kept_promoted_and_pruned(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"anomaly_detection": {"models_dir": str(tmp_path), "model_type": "isolation_forest"}}
    )
    books = library(settings)
    assert (books.current(), books.versions()) == ("", [])
    forest: Model = plugin(SHELF, "build", books.kind)(ModelTerms())
    forest.fit([history()], lambda done, total: None)
    score = Scores(0.5, 0.1, 0.6, 4, 100)
    made = [books.add(forest, {"scores": score.to_json()}, AT + timedelta(hours=n)) for n in range(7)]
    assert books.current() == ""
    books.promote(made[-1])
    assert books.current() == made[-1] == "20260301T090000Z"
    assert books.versions() == made[-5:]
    assert books.card(made[-1])["scores"]["f1"] == 0.6
    assert (
        json.loads((tmp_path / "isolation_forest" / made[-1] / "card.json").read_text())["model"] == "isolation_forest"
    )
    assert (books.load(made[-1], ModelTerms()).flag(history(seed=9)) == forest.flag(history(seed=9))).all()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Library(tmp_path / "nowhere", "isolation_forest").load("1", ModelTerms())
