"""Where nothing but pod names tells workloads apart, the queries derive the workload from them."""

import promql_parser
import pytest

from watchkeeper.domain.evidence import Series
from watchkeeper.settings import EntitiesSettings
from watchkeeper.telemetry.assemble import measured
from watchkeeper.telemetry.promql_queries import QUERIES, Query, named_by_pod, render
from watchkeeper.telemetry.resolver import Resolver


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.metric)
def test_every_shipped_query_is_still_promql(query: Query) -> None:
    promql_parser.parse(named_by_pod(render(query.promql, ("shop",), 30)))


def test_each_selector_is_named_once() -> None:
    said = named_by_pod('sum by (app) (rate(a_total{namespace=~"shop"}[30s])) / (b{namespace=~"shop"} > 0)')
    assert said.count("label_replace(") == 2
    assert 'label_replace(rate(a_total{namespace=~"shop"}[30s]), "app", "$1", "pod",' in said


def test_what_the_cluster_calls_a_workload_beats_what_a_program_calls_itself() -> None:
    resolver = Resolver(EntitiesSettings())
    assert resolver.resolve("traces", {"service.name": "cart_app", "k8s.pod.name": "cart-7d9f8c6b5d-abcde"}) == "cart"
    assert resolver.resolve("traces", {"service.name": "cart_app"}) == "cart_app"
    assert resolver.resolve("metrics", {"job": "kube-state-metrics", "job_name": "migrate"}) == "migrate"


def test_calls_are_learnt_from_peers_that_are_watched() -> None:
    import numpy as np

    def series(service: str, **labels: str) -> Series:
        return Series(service, "client-error-rate", np.zeros(1), np.zeros(1), labels=labels)

    found = measured([series("shop", peer="pay"), series("pay", peer="bank.example"), series("pay", peer="pay")])
    assert {(e.caller, e.callee) for e in found.edges} == {("shop", "pay")}
