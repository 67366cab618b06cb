"""What a person sees beside a diagnosis: small, cited, redacted."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.diagnose.exhibits import exhibits
from watchkeeper.domain.evidence import LOG_SCHEMA, SPAN_SCHEMA, Change, EvidenceFile, Series, Window
from watchkeeper.domain.exhibit import LinesExhibit, MapExhibit, SeriesExhibit, TraceExhibit
from watchkeeper.domain.topology import Topology
from watchkeeper.store.statements.exhibits import _EXHIBITS

START, ONSET, END = 0.0, 1800.0, 2400.0


def world() -> EvidenceFile:
    """`pay` becomes slow and writes a new error with a secret in it; `web` calls it."""
    dice, times = np.random.default_rng(1), np.arange(START, END, 15)
    late = times >= ONSET
    metrics = (
        Series("pay", "latency-95", times, np.where(late, 2.0, 0.1) + dice.normal(0, 0.01, len(times))),
        Series("web", "latency-95", times, np.where(late, 2.1, 0.2) + dice.normal(0, 0.01, len(times))),
        Series("pay", "workload", times, 20 + dice.normal(0, 0.5, len(times))),
        Series("web", "workload", times, 20 + dice.normal(0, 0.5, len(times))),
    )
    spans: list[tuple[object, ...]] = []
    lines: list[tuple[object, ...]] = []
    for number in range(400):
        at, slow = number * 6.0, number * 6.0 >= ONSET
        length = 2_000_000 if slow else 100_000
        spans += [
            (f"t{number}", "a", "", "web", "GET /", int(at * 1e6), length + 50_000, ""),
            (f"t{number}", "b", "a", "pay", "charge", int(at * 1e6) + 10_000, length, "error" if slow else ""),
        ]
        words = f"charge refused for order {number}: password=hunter2secret" if slow else f"charged order {number}"
        lines.append((int(at * 1e3), "pay", "error" if slow else "info", words, f"t{number}", "b"))
    return EvidenceFile(
        Window.of_unix(START, ONSET, END), metrics, pl.DataFrame(lines, LOG_SCHEMA, orient="row"),
        pl.DataFrame(spans, SPAN_SCHEMA, orient="row"), topology=Topology.of([("web", "pay"), ("web", "cart")]),
        changes=(Change("c1", datetime.fromtimestamp(1700, UTC), "release", "pay", "pay 1.1 released"),), alerting_service="web",
    )  # fmt: skip


def test_the_cause_is_shown_by_series_lines_trace_and_map() -> None:
    evidence = world()
    diagnosis = diagnose(evidence)
    assert diagnosis.cause is not None
    assert diagnosis.cause.service == "pay"
    shown = exhibits(evidence, diagnosis)
    kinds = {type(e) for e in shown}
    assert {SeriesExhibit, TraceExhibit, MapExhibit} <= kinds
    known = {e.id for e in diagnosis.evidence}
    assert all(e.cites in known for e in shown if isinstance(e, SeriesExhibit | LinesExhibit))
    series = next(e for e in shown if isinstance(e, SeriesExhibit))
    assert series.low < series.high < 1
    assert [m.words for m in series.marks] == ["pay 1.1 released"]
    trace = next(e for e in shown if isinstance(e, TraceExhibit))
    assert [(s.service, s.depth) for s in trace.spans] == [("web", 0), ("pay", 1)]
    drawn = next(e for e in shown if isinstance(e, MapExhibit))
    assert {p.service: p.role for p in drawn.places} == {"pay": "cause", "web": "alerting", "cart": "calm"}


def test_examples_of_lines_carry_no_secret() -> None:
    evidence = world()
    shown = [e for e in exhibits(evidence, diagnose(evidence)) if isinstance(e, LinesExhibit)]
    refused = next(e for e in shown if e.before == 0)
    assert refused.during == 100
    assert refused.template.startswith("charge refused for order")
    assert all("hunter2secret" not in example for e in shown for example in e.examples)


def test_they_survive_storing() -> None:
    evidence = world()
    shown = exhibits(evidence, diagnose(evidence))
    assert _EXHIBITS.validate_json(_EXHIBITS.dump_json(shown)) == shown
