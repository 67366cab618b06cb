"""The shipped PromQL: vocabulary name -> query, and who writes what it reads.

`$sel` becomes the namespace matcher, `$w` the rate window. Every query may be replaced in `sources.prometheus.queries`.
"""

from dataclasses import dataclass

from watchkeeper.domain.evidence import Origin
from watchkeeper.telemetry.names import one_of


@dataclass(frozen=True, slots=True)
class Query:
    """One measurement."""

    metric: str
    promql: str
    origin: Origin = Origin.WORKLOAD


_APP = "namespace, app, job, service_name"
_POD = "namespace, pod, container"


def _quantile(q: float, series: str, by: str) -> str:
    return f"histogram_quantile({q}, sum by ({by}, le) (rate({series}_bucket{{$sel}}[$w])))"


_REQUESTS = f"sum by ({_APP}) (rate(http_server_requests_total{{$sel}}[$w]))"
_ERRORS = f'sum by ({_APP}) (rate(http_server_requests_total{{$sel,code=~"5.."}}[$w]))'
_SERVER, _CLIENT = "http_server_request_duration_seconds", "http_client_request_duration_seconds"
_CALLS = f"sum by ({_APP}, peer) (rate(http_client_requests_total{{$sel}}[$w]))"
_FAILED = f'sum by ({_APP}, peer) (rate(http_client_requests_total{{$sel,code=~"5.."}}[$w]))'
_CPU = f'sum by ({_POD}) (rate(container_cpu_usage_seconds_total{{$sel,container!=""}}[$w]))'
_CORES = (
    f'sum by ({_POD}) (container_spec_cpu_quota{{$sel,container!=""}}) '
    f'/ (sum by ({_POD}) (container_spec_cpu_period{{$sel,container!=""}}) > 0)'
)
_MEMORY = f'sum by ({_POD}) (container_memory_working_set_bytes{{$sel,container!=""}})'
_MEMORY_LIMIT = f'(sum by ({_POD}) (container_spec_memory_limit_bytes{{$sel,container!=""}}) > 0)'

QUERIES = (
    Query("workload", _REQUESTS),
    Query("error-rate", f"100 * ({_ERRORS} or 0 * {_REQUESTS}) / {_REQUESTS}"),
    Query("latency-50", _quantile(0.5, _SERVER, _APP)),
    Query("latency-95", _quantile(0.95, _SERVER, _APP)),
    Query("client-latency-95", _quantile(0.95, _CLIENT, f"{_APP}, peer")),
    Query("client-error-rate", f"100 * ({_FAILED} or 0 * {_CALLS}) / {_CALLS}"),
    Query("pool", f"sum by ({_APP}) (db_pool_connections_active{{$sel}})"),
    Query("pool-rate", f"100 * max by ({_APP}) (db_pool_connections_active{{$sel}} / (db_pool_connections_max{{$sel}} > 0))"),
    Query("pool-timeouts", f"sum by ({_APP}) (rate(db_pool_acquire_timeouts_total{{$sel}}[$w]))"),
    Query("queue", f"sum by ({_APP}, queue) (queue_messages{{$sel}})"),
    Query("cpu", f"1000 * {_CPU}", Origin.CADVISOR),
    Query("cpu-rate", f"100 * {_CPU} / ({_CORES})", Origin.CADVISOR),
    Query(
        "cpu-throttled",
        f'100 * sum by ({_POD}) (rate(container_cpu_cfs_throttled_periods_total{{$sel,container!=""}}[$w])) '
        f'/ (sum by ({_POD}) (rate(container_cpu_cfs_periods_total{{$sel,container!=""}}[$w])) > 0)',
        Origin.CADVISOR,
    ),
    Query("mem", f"{_MEMORY} / 1048576", Origin.CADVISOR),
    Query("mem-rate", f"100 * {_MEMORY} / {_MEMORY_LIMIT}", Origin.CADVISOR),
    Query("restarts", f"sum by ({_POD}) (kube_pod_container_status_restarts_total{{$sel}})", Origin.KUBE_STATE),
    Query(
        "oom", f'max by ({_POD}) (kube_pod_container_status_last_terminated_reason{{$sel,reason="OOMKilled"}})', Origin.KUBE_STATE
    ),
    Query("replicas-ready", "max by (namespace, deployment) (kube_deployment_status_replicas_available{$sel})", Origin.KUBE_STATE),
    Query("replicas-wanted", "max by (namespace, deployment) (kube_deployment_spec_replicas{$sel})", Origin.KUBE_STATE),
    Query(
        "disk-rate",
        "100 * max by (namespace, pod, persistentvolumeclaim) "
        "((kubelet_volume_stats_used_bytes{$sel} / (kubelet_volume_stats_capacity_bytes{$sel} > 0)) "
        "* on (namespace, persistentvolumeclaim) group_right kube_pod_spec_volumes_persistentvolumeclaims_info{$sel})",
        Origin.CADVISOR,
    ),
    Query(
        "certificate-left",
        f"min by ({_APP}, name) ((probe_ssl_earliest_cert_expiry{{$sel}} or certmanager_certificate_expiration_timestamp_seconds{{$sel}}) - time())",
        Origin.WORKLOAD,
    ),
    Query("up", f"min by ({_APP}) (up{{$sel}})", Origin.DECLARED),
)  # fmt: skip
"""Written for the series of docs/reference/signals.md."""


QUOTA = (
    '100 * max by (namespace, resourcequota, resource) (kube_resourcequota{$sel,type="used"} '
    '/ ignoring (type) (kube_resourcequota{$sel,type="hard"} > 0))'
)
"""Percent of a namespace's quota in use: it belongs to no one workload, so it is no line of the vocabulary."""


def render(promql: str, namespaces: tuple[str, ...], window: float) -> str:
    """With the namespace matcher and the window filled in."""
    names = one_of(namespaces) if namespaces else ".*"
    return promql.replace("$sel", f'namespace=~"{names}"').replace("$w", f"{max(round(window), 1)}s")
