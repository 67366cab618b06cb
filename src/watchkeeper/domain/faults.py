"""The one table of fault kinds. Analyzers, actions, scenarios, runbooks and categories all refer to these names."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A way in which a service breaks. `indicator` is the metric family that shows it best."""

    name: str
    title: str
    indicator: str
    meaning: str
    actions: tuple[str, ...] = ()
    """Actions of the catalogue that may cure it, best first; empty: people decide."""


_KINDS = (
    FaultKind("memory", "Memory exhausted", "mem", "The working set reaches its limit; the container is or will be OOMKilled.", ("raise_memory_limit", "roll_back", "restart")),
    FaultKind("cpu", "CPU saturated", "cpu", "The processes of the service itself burn more CPU than before, or are throttled at their limit.", ("scale_out", "autoscaler_bounds", "roll_back", "requests_and_limits")),
    FaultKind("network", "Network delay or loss", "latency", "Time passes between caller and callee, in neither of them.", ()),
    FaultKind("latency", "Slow answers", "latency", "The service itself answers more slowly, with no resource at its limit.", ("roll_back",)),
    FaultKind("errors", "Errors", "availability", "The service itself answers with errors.", ("roll_back", "restart")),
    FaultKind("code", "Exception or early return in code", "availability", "A path through the code ends before its usual last statement.", ("roll_back",)),
    FaultKind("release", "Bad release", "availability", "Trouble began with a new revision of the service.", ("roll_back", "restore_configuration", "fix_probe")),
    FaultKind("configuration", "Wrong configuration", "availability", "A changed or missing setting, secret, probe, port or selector.", ("roll_back", "fix_probe", "fix_selector", "restore_configuration")),
    FaultKind("pool_exhausted", "Connection pool exhausted", "pool", "Callers wait for one of a fixed number of connections.", ("raise_pool_size", "restart")),
    FaultKind("queue_backlog", "Queue backlog", "queue", "Work arrives faster than the consumers take it.", ("scale_out", "queue_size", "autoscaler_bounds")),
    FaultKind("overload", "More requests than capacity", "workload", "Traffic rose beyond what the service can carry; nothing in it is broken.", ("scale_out", "autoscaler_bounds", "autoscaling_from_forecast")),
    FaultKind("dependency", "Dependency down", "availability", "Something the service needs does not answer; it lies outside what we see.", ("network_policy_rule",)),
    FaultKind("crash", "Crash loop", "restarts", "The container ends again and again for a reason other than memory.", ("roll_back", "restore_configuration", "fix_probe", "restart", "recreate_job")),
    FaultKind("image", "Image cannot be pulled", "replicas", "The image does not exist or may not be pulled.", ("roll_back", "fix_image")),
    FaultKind("scheduling", "Pods cannot be scheduled", "replicas", "No node has room, or none matches.", ("roll_back", "requests_and_limits", "raise_quota", "node_pool")),
    FaultKind("node", "Node in trouble", "node", "A machine is not ready or under pressure, and its pods suffer.", ("cordon_and_drain",)),
    FaultKind("storage", "Volume full or not mounted", "disk", "Writes fail for want of space, or the volume is not there.", ("expand_volume",)),
    FaultKind("certificate", "Certificate expired or untrusted", "availability", "TLS handshakes fail.", ("renew_certificate",)),
    FaultKind("stuck", "Process stuck", "workload", "The process is up but does no work.", ("restart",)),
    FaultKind("traffic_loss", "Traffic vanished", "workload", "Requests no longer arrive, though the service is up.", ("fix_selector", "network_policy_rule")),
    FaultKind("none", "Nothing wrong found", "", "What was measured stays within its usual range.", ()),
)  # fmt: skip

FAULTS = MappingProxyType({kind.name: kind for kind in _KINDS})
"""name -> kind"""
