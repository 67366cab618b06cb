"""Recorded incidents in a folder."""

from pathlib import Path

import polars as pl
import pytest

from watchkeeper.bench._asked import Asked
from watchkeeper.bench.diagnose import run
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.domain.evidence import Signal, Window
from watchkeeper.domain.topology import Workload
from watchkeeper.telemetry.assemble import assemble
from watchkeeper.telemetry.port import Reading
from watchkeeper.telemetry.sources.case_folder import load


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case-1"
    folder.mkdir()
    (folder / "inject_time.txt").write_text("1600\n")
    rows = ["time,a_cpu-rate,b_latency-95,b_workload"]
    rows += [f"{t},{10 + t % 3 + (80 if t >= 1600 else 0)},0.1,{'' if t == 1120 else 5}" for t in range(1000, 2000, 60)]
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n")
    (folder / "topology.csv").write_text("caller,callee\nb,a\n")
    (folder / "alert.json").write_text('{"service": "b", "metric": "latency"}')
    pl.DataFrame({"timestamp": [1_000_000], "service": ["a"], "message": ["hello"]}).write_parquet(
        folder / "logs.parquet"
    )
    (folder / "case.json").write_text("{ this is not JSON: nobody may open it")
    (folder / "labels.json").mkdir()
    return folder


def test_a_case_is_evidence_and_its_label_is_never_opened(case: Path) -> None:
    evidence = load(case)
    assert {(s.service, s.metric) for s in evidence.metrics} == {
        ("a", "cpu-rate"),
        ("b", "latency-95"),
        ("b", "workload"),
    }
    assert (evidence.alerting_service, evidence.alerting_metric) == ("b", "latency")
    assert evidence.topology.callees["b"] == {"a"}
    assert evidence.logs["message"].to_list() == ["hello"]
    assert [m.signal for m in evidence.missing] == [Signal.TRACES]


def test_the_bench_writes_predictions_and_refuses_an_empty_folder(case: Path, tmp_path: Path) -> None:
    figures = run(Asked(case.parent, tmp_path / "p.json", json_out=tmp_path / "f.json"))
    assert figures["cases"] == 1
    assert (tmp_path / "p.json").read_text().startswith('{\n "case-1": [\n  "a"')
    (tmp_path / "none").mkdir()
    with pytest.raises(InvalidInput, match="holds no case"):
        run(Asked(tmp_path / "none"))


def test_a_folder_that_is_no_case_says_what_one_is(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is not a case folder") as caught:
        load(tmp_path)
    assert "inject_time.txt" in caught.value.hint


def test_two_workloads_of_one_name_are_never_guessed() -> None:
    readings = [
        Reading(
            workloads=(
                Workload("a", "Deployment", "x"),
                Workload("b", "Deployment", "x"),
                Workload("a", "Deployment", "y"),
            )
        )
    ]
    assert set(assemble(Window.of_unix(0, 1, 2), readings).workloads) == {"y"}
