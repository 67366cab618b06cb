"""Time lost between two services: by their spans, and by what the caller's own series say of its peers."""

import numpy as np
import polars as pl

from tests_support import NOW
from watchkeeper.diagnose.analyzers.edge_gap import direct, examine, measured_gaps
from watchkeeper.diagnose.case import Case
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.evidence import SPAN_SCHEMA, EvidenceFile, Series, Window
from watchkeeper.domain.topology import Edge, Topology

ONSET = NOW.timestamp()


def series(service: str, metric: str, before: float, during: float, peer: str = "") -> Series:
    times = np.arange(ONSET - 600, ONSET + 300, 15.0)
    wave = before * (1 + 0.02 * np.sin(times / 40))
    return Series(service, metric, times, np.where(times < ONSET, wave, during), labels={"peer": peer} if peer else {})


def slow_ways(*, untold: tuple[str, ...] = ()) -> Case:
    """shop -> ship -> queue; packets of `ship` take a second longer, whichever way they go."""
    metrics = [
        series("shop", "latency-95", 0.1, 3.1), series("ship", "latency-95", 0.05, 1.05), series("queue", "latency-95", 0.01, 0.01),
        series("shop", "client-latency-95", 0.06, 2.06, "ship"), series("ship", "client-latency-95", 0.02, 1.02, "queue"),
        series("shop", "client-latency-95", 0.05, 0.055, "list"), series("list", "latency-95", 0.05, 0.051),
    ]  # fmt: skip
    kept = tuple(s for s in metrics if s.service not in untold)
    return Case(EvidenceFile(Window.of_unix(ONSET - 600, ONSET, ONSET + 300), metrics=kept, topology=Topology()))


def test_the_end_that_all_slow_ways_share_is_blamed_without_a_single_span() -> None:
    gaps = measured_gaps(slow_ways())
    assert gaps["shop", "list"] < 5, "what the peer accounts for, or a few milliseconds, is no loss"
    assert round(gaps["shop", "ship"], -2) == round(gaps["ship", "queue"], -2) == 1000
    [found] = examine(slow_ways())
    assert (found.service, found.kind) == ("ship", "network")


def test_a_peer_that_does_not_measure_itself_is_not_judged() -> None:
    assert set(measured_gaps(slow_ways(untold=("ship", "queue")))) == {("shop", "list")}


def test_a_span_that_somebody_untraced_handed_on_is_no_edge() -> None:
    """Their own series say that `shop` calls `ship` alone: what lies between it and `queue` is not the network."""
    known = Topology(frozenset({Edge("shop", "ship", "observed"), Edge("shop", "queue", "traced")}))
    case = Case(EvidenceFile(Window.of_unix(ONSET - 600, ONSET, ONSET + 300), topology=known))
    gaps = {("shop", "queue"): 900.0, ("shop", "ship"): 5.0, ("ship", "queue"): 7.0}
    assert direct(case, gaps) == {("shop", "ship"): 5.0, ("ship", "queue"): 7.0}, "who names no peers is believed"


def test_spans_through_an_untraced_service_blame_nobody() -> None:
    rows = []
    for n in range(40):
        start = int((ONSET + (n - 20) * 10) * 1e6)
        between = 1_000 if n < 20 else 900_000
        rows += [
            (f"t{n}", "1", "", "shop", "call", start, 20_000 + between, ""),
            (f"t{n}", "2", "1", "queue", "GET", start, 20_000, ""),
        ]
    spans = pl.DataFrame(rows, schema=SPAN_SCHEMA, orient="row")
    window, traced = Window.of_unix(ONSET - 600, ONSET, ONSET + 300), Edge("shop", "queue", "traced")
    seen = EvidenceFile(window, spans=spans, topology=Topology(frozenset({traced})))
    assert [f.kind for f in examine(Case(seen))] == ["network"]
    told = EvidenceFile(window, spans=spans, topology=Topology(frozenset({traced, Edge("shop", "ship", "observed")})))
    assert examine(Case(told)) == []


def test_who_waits_for_a_slow_callee_with_a_full_pool_does_not_dwarf_it() -> None:
    """Waiting for a connection looks like work of its own, and is far longer than what the callee adds."""
    metrics = (
        series("shop", "latency-95", 0.1, 9.0), series("shop", "pool-rate", 20, 100), series("base", "latency-95", 0.01, 0.5),
        series("shop", "workload", 20, 20), series("base", "workload", 20, 20),
    )  # fmt: skip
    window = Window.of_unix(ONSET - 600, ONSET, ONSET + 300)
    found = diagnose(
        EvidenceFile(window, metrics=metrics, topology=Topology.of([("shop", "base")]), alerting_service="shop")
    )
    assert found.cause is not None
    assert (found.cause.service, found.cause.kind) == ("base", "latency")
