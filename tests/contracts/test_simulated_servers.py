"""The simulated servers answer in the shapes that the real ones were recorded with."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import yaml

from watchkeeper.simulate import shop
from watchkeeper.simulate.cluster import api as kubernetes_api
from watchkeeper.simulate.logs import api as loki_api
from watchkeeper.simulate.metrics import api as prometheus_api
from watchkeeper.simulate.metrics.rules import RuleEngine
from watchkeeper.simulate.traces import api as tempo_api
from watchkeeper.simulate.world import World
from wire import recording

START = 1_795_000_000.0


@pytest.fixture(scope="module")
def world() -> World:
    made = World(start=START, traces_per_second=4)
    for text in shop.manifests().values():
        for document in yaml.safe_load_all(text):
            made.cluster.apply(document, manager="setup", now=made.now)
    made.advance(180)
    return made


def client(application: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://world")


@pytest.fixture
async def prometheus(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client(prometheus_api.app(world.metrics, lambda: world.now)) as made:
        yield made


@pytest.mark.parametrize(
    "name",
    [
        "query_scalar",
        "query_string",
        "query_empty",
        "err_bad_promql",
        "err_many_to_many",
        "err_missing_query",
        "err_unknown_path",
    ],
)
async def test_prometheus_answers_alike(prometheus: httpx.AsyncClient, name: str) -> None:
    """Status, content type, result type and the kind of error are those of the recording."""
    said = recording(f"prometheus/{name}")
    query = dict(said["request"]["query"])
    if name == "query_string":
        query = {"query": '"a string"'}
    answer = await prometheus.get(said["request"]["path"], params=query)
    real = said["response"]
    if name == "err_many_to_many":
        answer = await prometheus.get("/api/v1/query", params={"query": "kube_pod_info * on (node) kube_pod_info"})
    assert answer.status_code == real["status"]
    if "body" not in real:
        assert answer.headers["content-type"].startswith("text/plain")
        return
    body = answer.json()
    assert body["status"] == real["body"]["status"]
    assert body.get("errorType") == real["body"].get("errorType")
    if body["status"] == "success":
        assert body["data"]["resultType"] == real["body"]["data"]["resultType"]
        assert type(body["data"]["result"]) is type(real["body"]["data"]["result"])


@pytest.mark.parametrize("name", ["err_too_many_points", "err_zero_step", "err_end_before_start"])
async def test_prometheus_refuses_the_same_ranges(prometheus: httpx.AsyncClient, name: str) -> None:
    said = recording(f"prometheus/{name}")
    answer = await prometheus.get(said["request"]["path"], params=said["request"]["query"])
    assert answer.status_code == said["response"]["status"]
    assert answer.json()["errorType"] == said["response"]["body"]["errorType"]
    words = said["response"]["body"]["error"].split(":")[0].split(".")[0]
    assert words[:40] in answer.json()["error"]


async def test_prometheus_samples_are_a_number_and_a_string(prometheus: httpx.AsyncClient) -> None:
    body = (await prometheus.get("/api/v1/query", params={"query": "0/0 * up"})).json()
    assert {row["value"][1] for row in body["data"]["result"]} == {"NaN"}
    assert all(isinstance(row["value"][0], int | float) for row in body["data"]["result"])


@pytest.mark.parametrize("query", ["rate(up[5m:1m])", "up @ 5", "stddev(up)", "holt_winters(up[5m], 0.5, 0.5)"])
async def test_what_is_not_evaluated_is_named(prometheus: httpx.AsyncClient, query: str) -> None:
    answer = await prometheus.get("/api/v1/query", params={"query": query})
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "bad_data"


async def test_loki_streams_metadata_and_errors(world: World) -> None:
    async with client(loki_api.app(world.logs, lambda: world.now)) as loki:
        params = {
            "query": '{app="payment"}',
            "start": str(int(START * 1e9)),
            "end": str(int(world.now * 1e9)),
            "limit": "5",
        }
        plain = (await loki.get("/loki/api/v1/query_range", params=params)).json()["data"]
        header = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
        apart = (await loki.get("/loki/api/v1/query_range", params=params, headers=header)).json()["data"]
        assert "trace_id" in plain["result"][0]["stream"]
        assert "trace_id" not in apart["result"][0]["stream"]
        assert (
            apart["encodingFlags"]
            == recording("loki/query_range_categorize_labels")["response"]["body"]["data"]["encodingFlags"]
        )
        assert set(apart["result"][0]["values"][0][2]) == {"structuredMetadata"}
        at = apart["result"][0]["values"][0][0]
        assert isinstance(at, str)
        assert len(at) == 19
        for name, query in (
            ("err_bad_logql", "{app="),
            ("err_query_instant_log", None),
            ("err_limit_over_max", '{app="a"}'),
        ):
            path = "/loki/api/v1/query" if query is None else "/loki/api/v1/query_range"
            wrong = await loki.get(
                path, params={"query": query or '{app="a"}', "limit": "99999" if "limit" in name else "5"}
            )
            assert wrong.status_code == recording(f"loki/{name}")["response"]["status"] == 400
            assert wrong.headers["content-type"].startswith("text/plain")
        labels = (await loki.get("/loki/api/v1/label/nothing/values")).json()
        assert labels == {"status": "success"}


async def test_tempo_ids_and_unknown_traces(world: World) -> None:
    async with client(tempo_api.app(world.spans, lambda: world.now)) as tempo:
        params = {"q": '{ resource.service.name = "payment" }', "limit": "50"}
        found = (await tempo.get("/api/search", params=params)).json()["traces"]
        real = recording("tempo/search_traceql_error")["response"]["body"]["traces"][0]
        assert {"traceID", "rootServiceName", "rootTraceName", "startTimeUnixNano"} <= set(found[0]) & set(real)
        assert all(not t["traceID"].startswith("0") for t in found)
        trace = (await tempo.get(f"/api/v2/traces/{found[0]['traceID']}")).json()
        recorded = recording("tempo/trace_v2_json")["response"]["body"]
        ours = trace["trace"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        theirs = recorded["trace"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
        assert {"traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "status"} <= set(
            ours
        ) & set(theirs)
        assert len(ours["traceId"]) == len(theirs["traceId"])
        nobody = "0" * 29 + "abc"
        assert (await tempo.get(f"/api/v2/traces/{nobody}")).json() == recording("tempo/trace_v2_unknown")["response"][
            "body"
        ]
        gone = await tempo.get(f"/api/traces/{nobody}")
        assert (gone.status_code, gone.text) == (404, "")
        for name in ("err_search_ns_times", "err_search_range_too_large"):
            said = recording(f"tempo/{name}")
            wrong = await tempo.get("/api/search", params=said["request"]["query"])
            assert wrong.status_code == said["response"]["status"]
            assert wrong.headers["content-type"].startswith("text/plain")


async def test_kubernetes_objects_and_errors(world: World) -> None:
    async with client(kubernetes_api.app(world.cluster, lambda: world.now)) as cluster:
        ours = (await cluster.get("/apis/apps/v1/namespaces/shop/deployments/payment")).json()
        real = recording("kubernetes/deployment_get")["response"]["body"]
        assert {"kind", "apiVersion", "metadata", "spec", "status"} <= set(ours) & set(real)
        assert {"uid", "resourceVersion", "generation", "creationTimestamp"} <= set(ours["metadata"]) & set(
            real["metadata"]
        )
        assert set(real["status"]) - {"terminatingReplicas"} <= set(ours["status"]) | {"unavailableReplicas"}
        pods = (await cluster.get("/api/v1/namespaces/shop/pods")).json()
        assert pods["kind"] == "PodList"
        assert all("kind" not in item for item in pods["items"])
        assert (await cluster.get("/api/v1/namespaces/nowhere/pods")).json()["items"] == []
        for name, path in (
            ("err_pod_404", "/api/v1/namespaces/shop/pods/nobody"),
            ("err_group_404", "/apis/nope.example/v1"),
        ):
            answer, said = await cluster.get(path), recording(f"kubernetes/{name}")["response"]
            assert answer.status_code == said["status"]
            if "body" in said:
                assert answer.json()["reason"] == said["body"]["reason"]
            else:
                assert answer.text.strip() == said["body_text"].strip()
        wrong = await cluster.patch("/apis/apps/v1/namespaces/shop/deployments/payment", json={"spec": {"replicas": 9}})
        assert wrong.status_code == recording("kubernetes/err_patch_json_media_type_415")["response"]["status"]
        restarted = await cluster.patch(
            "/apis/apps/v1/namespaces/shop/deployments/cart", content=b'{"spec":{"template":{"metadata":{"annotations":{"a":"b"}}}}}',
            headers={"content-type": "application/strategic-merge-patch+json"},
        )  # fmt: skip
        after = restarted.json()
        assert after["metadata"]["generation"] > after["status"]["observedGeneration"]
        dry = await cluster.delete("/api/v1/namespaces/shop/pods/x?dryRun=All")
        assert dry.status_code == 400


async def test_webhooks_have_the_recorded_keys(world: World) -> None:
    posted: list[dict[str, Any]] = []

    async def post(body: dict[str, Any]) -> int:
        posted.append(body)
        return 200

    rule = {
        "alert": "Busy",
        "expr": 'up{job="cart"} == 1',
        "labels": {"severity": "high"},
        "annotations": {"summary": "{{ $labels.pod }} is up"},
    }
    engine = RuleEngine(world.metrics, yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}), post)
    await engine.evaluate(world.now)
    real = recording("alertmanager/webhook_firing_group_first")["request"]["body"]
    assert set(posted[0]) <= set(real)
    assert set(posted[0]["alerts"][0]) == set(real["alerts"][0])
    assert posted[0]["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert posted[0]["alerts"][0]["annotations"]["summary"].startswith("cart-")
