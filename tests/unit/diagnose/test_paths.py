"""What requests no longer do, where the path is cut, and which losses only follow from others."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests_support import NOW
from watchkeeper.diagnose import paths
from watchkeeper.diagnose.analyzers import cut_after
from watchkeeper.diagnose.case import Case
from watchkeeper.domain.evidence import LOG_SCHEMA, SPAN_SCHEMA, EvidenceFile, Window

ONSET = NOW.timestamp()
WINDOW = Window.of_unix(ONSET - 600, ONSET, ONSET + 600)
Steps = list[tuple[str, str, str, str]]
"""span, parent, service, operation"""


def case(traces: list[Steps], lines: list[list[tuple[str, str, str]]] = ()) -> Case:  # type: ignore[assignment]
    """The first half of the traces before the onset; lines: span, service, message for each trace."""
    spans, logs = [], []
    for n, steps in enumerate(traces):
        start = ONSET + (n - len(traces) / 2) * 4 + 1
        for at, (span, parent, service, operation) in enumerate(steps):
            spans.append((f"t{n}", span, parent, service, operation, int((start + at * 0.01) * 1e6), 1000, ""))
    for n, told in enumerate(lines):
        start = ONSET + (n - len(lines) / 2) * 4 + 1
        for at, (span, service, message) in enumerate(told):
            logs.append((int((start + at * 0.01) * 1e3), service, "info", message, f"t{n}", span))
    return Case(
        EvidenceFile(
            WINDOW,
            spans=pl.DataFrame(spans, schema=SPAN_SCHEMA, orient="row"),
            logs=pl.DataFrame(logs, schema=LOG_SCHEMA, orient="row"),
        )
    )


def entry(span: str, *calls: tuple[str, str]) -> Steps:
    """A request served by `edge`, which calls others in turn."""
    steps: Steps = [(span, "", "edge", "GET /")]
    for n, (service, operation) in enumerate(calls):
        steps += [(f"c{n}", span, "edge", f"call {operation}"), (f"s{n}", f"c{n}", service, operation)]
    return steps


def test_a_broken_implication_names_the_two_places_between_which_the_path_is_cut() -> None:
    whole = [("1", "pay", "charge begun"), ("1", "pay", "card checked"), ("1", "pay", "charge booked")]
    other = [("1", "pay", "refund begun"), ("1", "pay", "refund booked")]
    before = [whole if n % 2 else other for n in range(40)]
    after = [whole[:2] if n % 2 else other for n in range(40)]
    lost = case([], before + after).lost
    assert lost["thing"].to_list() == ["charge booked"]
    assert lost["context"][0] in ("charge begun", "card checked")
    assert (lost["before"][0], lost["after"][0]) == (1.0, 0.0)


def test_a_different_mix_of_requests_is_no_broken_path() -> None:
    one = [("1", "pay", "charge begun"), ("1", "pay", "charge booked")]
    two = [("1", "pay", "refund begun"), ("1", "pay", "refund booked")]
    lines = [one if n % 2 else two for n in range(40)] + [one if n % 8 == 0 else two for n in range(40)]
    kept = case([], lines).lost
    assert kept.is_empty() or set(kept["context"]) == {paths.ANY_REQUEST}


def test_what_comes_later_and_still_follows_the_earlier_place_is_a_consequence() -> None:
    whole = entry("1", ("stock", "reserve"), ("pay", "charge"))
    cut = entry("1", ("stock", "reserve"))
    told = [("s0", "stock", "reserve begun"), ("s0", "stock", "reserve done"), ("s1", "pay", "charge done")]
    traces = [whole] * 40 + [whole if n % 4 == 0 else cut for n in range(40)]
    lines = [told] * 40 + [told if n % 4 == 0 else told[:1] for n in range(40)]
    lost = case(traces, lines).lost
    assert set(lost["service"]) == {"stock"}


def test_requests_of_one_trace_are_told_apart_by_the_span_that_began_them() -> None:
    steps = entry("1", ("stock", "get a"), ("stock", "get b"))
    found = paths.entries(case([steps]).spans, case([steps]).children)
    assert dict(zip(found["span_id"], found["entry"], strict=True)) == {
        "1": "1", "c0": "1", "s0": "s0", "c1": "1", "s1": "s1",
    }  # fmt: skip


def test_entries_are_found_however_deep_calls_inside_a_service_nest() -> None:
    steps: Steps = [("0", "", "edge", "GET /")] + [(str(n), str(n - 1), "edge", f"inner {n}") for n in range(1, 60)]
    assert set(paths.entries(case([steps]).spans, case([steps]).children)["entry"]) == {"0"}


def two_callers(stop: bool) -> Steps:
    """edge asks shop and desk; both read from stock and write to base, unless they stop after stock."""
    steps: Steps = [("1", "", "edge", "GET /")]
    for n, service in enumerate(("shop", "desk")):
        steps += [(f"a{n}", "1", service, f"{service} order"), (f"b{n}", f"a{n}", "stock", "get")]
        if not stop:
            steps.append((f"d{n}", f"a{n}", "base", "put"))
    return steps


def test_several_callers_that_stop_after_one_callee_point_at_it() -> None:
    found = cut_after.examine(case([two_callers(False)] * 40 + [two_callers(n % 5 != 0) for n in range(40)]))
    assert [(f.service, f.strength > 0.5) for f in found] == [("stock", True)]
    assert "desk and shop now stop after they called stock" in found[0].summary


def test_a_callee_that_says_it_finished_is_hardly_suspected() -> None:
    traces = [two_callers(False)] * 40 + [two_callers(n % 5 != 0) for n in range(40)]
    told = [[("b0", "stock", "got it"), ("b1", "stock", "got it")]] * 80
    found = cut_after.examine(case(traces, told))
    assert all(f.strength < 0.3 for f in found)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_certainty_is_a_share_and_nothing_where_the_shares_are_equal(a: int, b: int, c: int, d: int) -> None:
    counts = {"k_before": [a], "n_before": [a + b + 1], "k_after": [c], "n_after": [c + d + 1]}
    value = pl.DataFrame(counts).select(paths.certainty()).item()
    assert 0 <= value <= 1
    same = {"k_before": [a], "n_before": [a + b + 1], "k_after": [a], "n_after": [a + b + 1]}
    assert pl.DataFrame(same).select(paths.certainty()).item() < 1e-9
