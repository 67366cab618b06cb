"""One resolver for every signal."""

import promql_parser
import pytest

from watchkeeper.settings import EntitiesSettings
from watchkeeper.telemetry.promql_queries import QUERIES, render
from watchkeeper.telemetry.resolver import Resolver


@pytest.mark.parametrize(
    ("signal", "labels", "name"),
    [
        ("metrics", {"app": "cart", "pod": "x-1"}, "cart"),
        ("metrics", {"app_kubernetes_io_name": "cart", "app": "other"}, "cart"),
        ("metrics", {"pod": "cart-7d9f8c6b5d-x2k4q", "container": "main"}, "cart"),
        ("metrics", {"pod": "database-0", "container": "postgres"}, "database"),
        ("metrics", {"deployment": "cart", "job": "kube-state-metrics"}, "cart"),
        ("metrics", {"job": "kube-state-metrics"}, ""),
        ("logs", {"service_name": "cart"}, "cart"),
        ("traces", {"service.name": "cart"}, "cart"),
        ("traces", {"k8s.deployment.name": "cart"}, "cart"),
        ("metrics", {"job": "cart"}, "cart"),
        ("metrics", {}, ""),
    ],
)
def test_shipped_rules(signal: str, labels: dict[str, str], name: str) -> None:
    assert Resolver(EntitiesSettings()).resolve(signal, labels) == name


def test_configured_rules_and_aliases_come_first() -> None:
    rules = [{"label": "team_service", "pattern": "svc-(?P<name>.+)"}]
    settings = EntitiesSettings.model_validate({"rules": rules, "aliases": {"cart": "basket"}})
    resolver = Resolver(settings)
    assert resolver.resolve("metrics", {"team_service": "svc-cart", "app": "other"}) == "basket"
    assert resolver.resolve("metrics", {"team_service": "cart", "app": "other"}) == "other"


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.metric)
def test_every_shipped_query_is_promql(query: object) -> None:
    assert promql_parser.parse(render(query.promql, ("shop", 'x"} or vector(1)'), 120))  # type: ignore[attr-defined]
