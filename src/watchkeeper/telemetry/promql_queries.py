"""The shipped PromQL: vocabulary name -> query, and who writes what it reads.

`$sel` becomes the namespace matcher, `$w` the rate window. Every query may be replaced in `sources.prometheus.queries`.
"""

import re
from dataclasses import dataclass

from watchkeeper.domain.evidence import Origin
from watchkeeper.telemetry.names import one_of


@dataclass(frozen=True, slots=True)
class Query:
    """One measurement."""

    metric: str
    promql: str
    origin: Origin = Origin.WORKLOAD
    on_demand: bool = False
    """Read only when asked for by name: for questions, not for diagnosis."""


APP = "namespace, app, job, service_name"
"""What tells workloads apart in series that programs expose."""
_CONTAINER = "namespace, pod, container"


def _quantile(q: float, series: str, by: str) -> str:
    return f"histogram_quantile({q}, sum by ({by}, le) (rate({series}_bucket{{$sel}}[$w])))"


_REQUESTS = f"sum by ({APP}) (rate(http_server_requests_total{{$sel}}[$w]))"
_ERRORS = f'sum by ({APP}) (rate(http_server_requests_total{{$sel,code=~"5.."}}[$w]))'
_SERVER, _CLIENT = "http_server_request_duration_seconds", "http_client_request_duration_seconds"
_CALLS = f"sum by ({APP}, peer) (rate(http_client_requests_total{{$sel}}[$w]))"
_FAILED = f'sum by ({APP}, peer) (rate(http_client_requests_total{{$sel,code=~"5.."}}[$w]))'
_CPU = f'sum by ({_CONTAINER}) (rate(container_cpu_usage_seconds_total{{$sel,container!=""}}[$w]))'
_CORES = (
    f'sum by ({_CONTAINER}) (container_spec_cpu_quota{{$sel,container!=""}}) '
    f'/ (sum by ({_CONTAINER}) (container_spec_cpu_period{{$sel,container!=""}}) > 0)'
)
_MEMORY = f'sum by ({_CONTAINER}) (container_memory_working_set_bytes{{$sel,container!=""}})'
_MEMORY_LIMIT = f'(sum by ({_CONTAINER}) (container_spec_memory_limit_bytes{{$sel,container!=""}}) > 0)'

QUERIES = (
    Query("workload", _REQUESTS),
    Query("error-rate", f"100 * ({_ERRORS} or 0 * {_REQUESTS}) / {_REQUESTS}"),
    Query("latency-50", _quantile(0.5, _SERVER, APP)),
    Query("latency-95", _quantile(0.95, _SERVER, APP)),
    Query("client-latency-95", _quantile(0.95, _CLIENT, f"{APP}, peer")),
    Query("client-error-rate", f"100 * ({_FAILED} or 0 * {_CALLS}) / {_CALLS}"),
    Query("pool", f"sum by ({APP}) (db_pool_connections_active{{$sel}})"),
    Query("pool-rate", f"100 * max by ({APP}) (db_pool_connections_active{{$sel}} / (db_pool_connections_max{{$sel}} > 0))"),
    Query("pool-timeouts", f"sum by ({APP}) (rate(db_pool_acquire_timeouts_total{{$sel}}[$w]))"),
    Query("queue", f"sum by ({APP}, queue) (queue_messages{{$sel}})"),
    Query("cpu", f"1000 * {_CPU}", Origin.CADVISOR),
    Query("cpu-rate", f"100 * {_CPU} / ({_CORES})", Origin.CADVISOR),
    Query(
        "cpu-throttled",
        f'100 * sum by ({_CONTAINER}) (rate(container_cpu_cfs_throttled_periods_total{{$sel,container!=""}}[$w])) '
        f'/ (sum by ({_CONTAINER}) (rate(container_cpu_cfs_periods_total{{$sel,container!=""}}[$w])) > 0)',
        Origin.CADVISOR,
    ),
    Query("mem", f"{_MEMORY} / 1048576", Origin.CADVISOR),
    Query("mem-rate", f"100 * {_MEMORY} / {_MEMORY_LIMIT}", Origin.CADVISOR),
    Query("restarts", f"sum by ({_CONTAINER}) (kube_pod_container_status_restarts_total{{$sel}})", Origin.KUBE_STATE),
    Query(
        "oom", f'max by ({_CONTAINER}) (kube_pod_container_status_last_terminated_reason{{$sel,reason="OOMKilled"}})', Origin.KUBE_STATE
    ),
    Query("replicas-ready", "max by (namespace, deployment) (kube_deployment_status_replicas_available{$sel})", Origin.KUBE_STATE),
    Query("replicas-wanted", "max by (namespace, deployment) (kube_deployment_spec_replicas{$sel})", Origin.KUBE_STATE),
    # By the pods that mount the claim where kube-state-metrics tells, else by the claim.
    Query(
        "disk-rate",
        "100 * max by (namespace, pod, persistentvolumeclaim) "
        "((kubelet_volume_stats_used_bytes{$sel} / (kubelet_volume_stats_capacity_bytes{$sel} > 0)) "
        "* on (namespace, persistentvolumeclaim) group_right kube_pod_spec_volumes_persistentvolumeclaims_info{$sel}) "
        "or on (namespace, persistentvolumeclaim) "
        "100 * (1 - sum by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes{$sel}) "
        "/ (sum by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes{$sel}) > 0))",
        Origin.CADVISOR,
    ),
    Query(
        "certificate-left",
        f"min by ({APP}, name) ((probe_ssl_earliest_cert_expiry{{$sel}} or certmanager_certificate_expiration_timestamp_seconds{{$sel}}) - time())",
        Origin.WORKLOAD,
    ),
    Query("up", f"min by ({APP}) (up{{$sel}})", Origin.DECLARED),
    Query("latency-90", _quantile(0.9, _SERVER, APP), on_demand=True),
    Query("latency-99", _quantile(0.99, _SERVER, APP), on_demand=True),
    Query("net-rx", "sum by (namespace, pod) (rate(container_network_receive_bytes_total{$sel}[$w]))", Origin.CADVISOR, on_demand=True),
    Query("net-tx", "sum by (namespace, pod) (rate(container_network_transmit_bytes_total{$sel}[$w]))", Origin.CADVISOR, on_demand=True),
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


_POD = r"(.+?)-(?:[a-z0-9]{6,10}-[a-z0-9]{5}|[0-9]{1,3})"
_SELECTED = re.compile(r"rate\([a-z_]+\{[^}]*\}\[[^\]]+\]\)|\b[a-z_]+\{[^}]*\}")


def named_by_pod(promql: str) -> str:
    """The same query where nothing but `pod` tells workloads apart: a pod's name without its hashes becomes `app`."""
    return _SELECTED.sub(lambda m: f'label_replace({m.group(0)}, "app", "$1", "pod", "{_POD}")', promql)
