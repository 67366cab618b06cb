"""What real servers do that naive adapters get wrong, against their recorded answers."""

import math
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests_support import NOW
from watchkeeper.domain.errors import SourceRefused, SourceUnavailable
from watchkeeper.domain.evidence import Origin, Signal, Window
from watchkeeper.settings import Budget, EntitiesSettings, KubernetesSource, LokiSource, PrometheusSource, TempoSource
from watchkeeper.telemetry.budget import MemoryLedger
from watchkeeper.telemetry.port import Scope, SourceTools
from watchkeeper.telemetry.resolver import Resolver
from watchkeeper.telemetry.sources.kubernetes import Kubernetes
from watchkeeper.telemetry.sources.loki import Loki
from watchkeeper.telemetry.sources.prometheus import Prometheus
from watchkeeper.telemetry.sources.tempo import Tempo, hexadecimal
from watchkeeper.testing import ManualClock
from wire import answer, playing, recording, saying

WINDOW = Window(NOW - timedelta(minutes=30), NOW - timedelta(minutes=5), NOW)
SCOPE = Scope(WINDOW, ("shop",), "checkout", "inc-1")


def tools() -> SourceTools:
    return SourceTools(ManualClock(NOW), Resolver(EntitiesSettings()), MemoryLedger())


def prometheus(transport: httpx.MockTransport, **settings: Any) -> Prometheus:
    return Prometheus(PrometheusSource(url="http://prom.example/prefix", retries=0, **settings), tools(), transport)


def loki(transport: httpx.MockTransport, **settings: Any) -> Loki:
    return Loki(LokiSource(url="http://loki.example", retries=0, **settings), tools(), transport)


def tempo(transport: httpx.MockTransport) -> Tempo:
    return Tempo(TempoSource(url="http://tempo.example", retries=0, max_traces=2), tools(), transport)


def kubernetes(transport: httpx.MockTransport) -> Kubernetes:
    return Kubernetes(KubernetesSource(server="http://kube.example", retries=0), tools(), transport)


async def test_1_numbers_are_strings_and_nan_and_infinity_among_them() -> None:
    values = [s.value for s in await prometheus(playing("prometheus/query_nan_inf")).instant("x")]
    assert any(math.isnan(v) or math.isinf(v) for v in values)
    assert next(s.value for s in await prometheus(playing("prometheus/query_large")).instant("x")) == 1e22


async def test_1_a_scalar_is_one_pair_and_a_string_is_no_sample() -> None:
    found = await prometheus(playing("prometheus/query_scalar")).instant("x")
    assert [(dict(s.labels), s.value) for s in found] == [({}, 2.0)]
    assert await prometheus(playing("prometheus/query_string")).instant("x") == []


async def test_1_a_range_selector_on_the_instant_endpoint_is_a_matrix() -> None:
    found = await prometheus(playing("prometheus/query_matrix_range_selector")).instant("x[30s]")
    assert [s.value for s in found] == [1.0]


async def test_2_an_unknown_metric_is_an_empty_success_and_a_missing_in_a_reading() -> None:
    assert await prometheus(playing("prometheus/query_empty")).instant("no_such_metric") == []
    empty = saying(
        lambda r: httpx.Response(200, json={"status": "success", "data": {"resultType": "matrix", "result": []}})
    )
    reading = await prometheus(empty).read(SCOPE)
    assert reading.metrics == ()
    assert [(m.signal, m.reason) for m in reading.missing] == [
        (Signal.METRICS, "it answers, but has no series in this scope")
    ]


async def test_2_zero_by_zero_is_a_sample_that_is_not_a_number() -> None:
    found = await prometheus(playing("prometheus/query_div_by_zero_nan")).instant("0/0")
    assert found
    assert all(math.isnan(s.value) for s in found)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("prometheus/err_bad_promql", SourceRefused, "400: .*unclosed left parenthesis"),
        ("prometheus/err_many_to_many", SourceRefused, "422: found duplicate series"),
        ("prometheus/err_unknown_path", SourceRefused, "404: 404 page not found"),
        ("prometheus/err_timeout", SourceUnavailable, "503: query timed out"),
    ],
)
async def test_3_errors_say_whether_to_try_again(name: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        await prometheus(playing(name)).instant("x")


async def test_4_warnings_beside_the_data_do_no_harm() -> None:
    assert await prometheus(playing("prometheus/query_annotation_warning")).instant("x")
    assert await prometheus(playing("prometheus-2.42/query_vector")).instant("x")


async def test_the_path_prefix_stays_and_one_failing_query_is_one_missing() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if "container_memory" in request.url.params["query"]:
            return answer("prometheus/err_many_to_many")
        row = {"metric": {"namespace": "shop", "app": "checkout"}, "values": [[1, "1"], [2.5, "NaN"]]}
        return httpx.Response(200, json={"status": "success", "data": {"resultType": "matrix", "result": [row]}})

    reading = await prometheus(saying(handle)).read(SCOPE)
    assert {r.url.path for r in seen} == {"/prefix/api/v1/query_range"}
    assert {s.service for s in reading.metrics} == {"checkout"}
    assert {s.origin for s in reading.metrics} >= {Origin.WORKLOAD, Origin.CADVISOR, Origin.KUBE_STATE}
    assert len(reading.missing) == 2
    assert all("422" in m.reason for m in reading.missing)


async def test_15_and_16_log_times_keep_their_nanoseconds_and_metadata_makes_no_streams() -> None:
    seen: list[httpx.Request] = []
    reading = await loki(
        playing("loki/query_range_categorize_labels", "loki/query_range_empty_streams", seen=seen)
    ).read(SCOPE)
    assert seen[0].headers["X-Loki-Response-Encoding-Flags"] == "categorize-labels"
    assert reading.logs is not None
    expected = [
        int(value[0]) // 1_000_000
        for stream in recording("loki/query_range_categorize_labels")["response"]["body"]["data"]["result"]
        for value in stream["values"]
    ]
    assert reading.logs["timestamp"].to_list() == sorted(expected)
    assert set(reading.logs["service"]) == {"checkout"}
    assert set(reading.logs["level"]) == {"error"}
    assert all(len(t) == 32 for t in reading.logs["trace_id"])


async def test_17_streams_are_merged_and_sorted() -> None:
    reading = await loki(playing("loki/query_range_streams_backward", "loki/query_range_empty_streams")).read(SCOPE)
    assert reading.logs is not None
    assert reading.logs["timestamp"].is_sorted()


async def test_18_errors_are_plain_text_and_a_429_opens_the_breaker() -> None:
    missing = (await loki(playing("loki/auth_err_no_org")).read(SCOPE)).missing
    assert "no org id" in missing[0].reason
    busy = loki(playing("loki/auth_err_push_rate_limit_429"))
    assert "429" in (await busy.read(SCOPE)).missing[0].reason
    assert "asked us to wait" in (await busy.read(SCOPE)).missing[0].reason


async def test_19_no_labels_means_no_data_key() -> None:
    [probe] = await loki(playing("loki/labels_none_in_range")).probe()
    assert probe.ok
    assert "no streams yet" in probe.words


def padded(trace: dict[str, Any]) -> dict[str, Any]:
    return {**trace, "traceID": trace["traceID"].lstrip("0")}


async def test_23_and_25_ids_are_base64_in_traces_hex_in_searches_and_padded() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path == "/api/search":
            return httpx.Response(200, json={"traces": [{"traceID": "abc"}]})
        return answer("tempo/trace_v2_json")

    reading = await tempo(saying(handle)).read(SCOPE)
    assert f"/api/v2/traces/{'abc'.rjust(32, '0')}" in {r.url.path for r in seen}
    assert reading.spans is not None
    assert set(reading.spans["trace_id"]) == {"487d220320e5f691ed96174a94b82795"}
    assert reading.spans["span_id"].str.len_chars().unique().to_list() == [16]
    assert "frontend" in set(reading.spans["service"])
    assert "error" in set(reading.spans["status"])
    assert (reading.spans["parent_span_id"] == "").sum() == 1


def test_23_every_shape_of_an_id() -> None:
    assert hexadecimal("SH0iAyDl9pHtlhdKlLgnlQ==", 32) == "487d220320e5f691ed96174a94b82795"
    assert hexadecimal("487d220320e5f691ed96174a94b82795", 32) == "487d220320e5f691ed96174a94b82795"
    assert hexadecimal("", 16) == hexadecimal("0000000000000000", 16) == ""


async def test_24_both_versions_and_unknown_traces_are_read() -> None:
    from watchkeeper.telemetry.sources.tempo import spans_of

    resolve = Resolver(EntitiesSettings()).resolve
    second = spans_of(recording("tempo/trace_v2_json")["response"]["body"], resolve)
    assert sorted(second) == sorted(spans_of(recording("tempo/trace_v1_json")["response"]["body"], resolve))
    assert spans_of(recording("tempo/trace_v2_unknown")["response"]["body"], resolve) == []


async def test_26_search_times_are_whole_seconds() -> None:
    seen: list[httpx.Request] = []
    await tempo(playing("tempo/search_outside_range", seen=seen)).read(SCOPE)
    assert all(r.url.params[k].isdigit() and len(r.url.params[k]) == 10 for r in seen for k in ("start", "end"))
    missing = (await tempo(playing("tempo/err_search_ns_times")).read(SCOPE)).missing
    assert "value out of range" in missing[0].reason


async def test_30_an_old_continue_token_starts_the_list_again_and_items_get_their_kind() -> None:
    calls = []

    def handle(request: httpx.Request) -> httpx.Response:
        calls.append(dict(request.url.params))
        if request.url.params.get("continue"):
            return answer("kubernetes/err_continue_expired_410")
        if len(calls) == 1:
            body = {"items": [{"metadata": {"name": "a"}}], "metadata": {"continue": "old"}}
            return httpx.Response(200, json=body)
        return httpx.Response(
            200, json={"items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}], "metadata": {}}
        )

    found = await kubernetes(saying(handle))._list("Pod", "shop", "")
    assert [(o["kind"], o["metadata"]["name"]) for o in found] == [("Pod", "a"), ("Pod", "b")]


async def test_31_a_kind_we_may_not_list_is_a_missing_of_its_own() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/pods"):
            return answer("kubernetes/err_403_rbac_nobody")
        return httpx.Response(200, json={"items": [], "metadata": {}})

    reading = await kubernetes(saying(handle)).read(SCOPE)
    assert [(m.query, "403" in m.reason) for m in reading.missing] == [("list Pod", True)]


async def test_31_an_absent_object_is_none_not_an_error() -> None:
    assert await kubernetes(playing("kubernetes/err_pod_404")).get("Pod", "shop", "x") is None


async def test_a_spent_budget_is_a_missing() -> None:
    source = prometheus(playing("prometheus/query_range"), budget=Budget(queries_per_incident=3))
    reading = await source.read(SCOPE)
    assert any("budget of 3 queries is spent" in m.reason for m in reading.missing)


async def test_tenant_and_credentials_are_sent() -> None:
    seen: list[httpx.Request] = []
    await loki(playing("loki/labels_none_in_range", seen=seen), tenant="shop", token="t0ken").probe()
    assert seen[0].headers["X-Scope-OrgID"] == "shop"
    assert seen[0].headers["Authorization"] == "Bearer t0ken"


async def test_a_wrong_address_is_said_in_one_line_with_the_way_out() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    [probe] = await prometheus(saying(refuse)).probe()
    assert not probe.ok
    assert "\n" not in probe.words
    assert "http://prom.example/prefix cannot be reached" in probe.words
    assert "PROMETHEUS_URL" in probe.hint


async def test_an_overloaded_server_is_asked_again_and_then_left_alone() -> None:
    calls = []

    def busy(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        return httpx.Response(503, text="busy", headers={"Retry-After": "7"})

    source = Prometheus(PrometheusSource(url="http://x", retries=1), tools(), saying(busy))
    with pytest.raises(SourceUnavailable) as caught:
        await source.instant("up")
    assert (len(calls), caught.value.retry_after) == (2, 7.0)
    with pytest.raises(SourceUnavailable, match="asked us to wait"):
        await source.instant("up")
    assert len(calls) == 2


async def test_a_page_that_is_not_json_is_a_missing_and_a_clear_probe_for_every_source() -> None:
    page = saying(lambda r: httpx.Response(200, text="<html>sign in</html>"))
    for source in (prometheus(page), loki(page), tempo(page), kubernetes(page)):
        reading = await source.read(SCOPE)
        assert "does not answer with JSON" in reading.missing[0].reason
        assert not (await source.probe())[0].ok


async def test_all_namespaces_of_the_scope_are_read_and_no_name_breaks_out() -> None:
    seen: list[httpx.Request] = []
    source = loki(playing("loki/query_range_empty_streams", seen=seen))
    await source.read(Scope(WINDOW, ("shop", "pay"), "x"))
    assert seen[0].url.params["query"] == '{namespace=~"shop|pay"}'
    await source.read(Scope(WINDOW, ('x"} |= "', ".*"), "x"))
    assert seen[-1].url.params["query"] == '{namespace=~"-"}'


async def test_a_403_that_speaks_of_404_is_not_an_absent_object() -> None:
    refusing = saying(lambda r: httpx.Response(403, json={"message": "forbidden: error 404 page"}))
    with pytest.raises(SourceRefused):
        await kubernetes(refusing).get("Pod", "shop", "x")
