"""The signals people ask for: what they call them, which measurement that is, how it is summed and shown."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Asked:
    """One signal. `metric` is a name of docs/reference/signals.md."""

    name: str
    metric: str
    title: str
    unit: str
    words: str
    """Regular expression over lower-cased text."""
    combine: str = "sum"
    """How the series of one service become one: sum, max."""
    grows: bool = False
    """A counter: what happened in a span is its increase."""
    flow: bool = False
    """Per second: a total over a span makes sense."""


_TABLE = (
    Asked("pool-timeouts", "pool-timeouts", "Waits for a connection that gave up", "/s",
          r"\b(?:(?:connection )?pool|connection|acquire) time-?outs?\b|\btime-?outs? (?:acquiring|waiting for)(?: a)? connections?\b", flow=True),
    Asked("pool-rate", "pool-rate", "Connection pool use", "%",
          r"\b(?:(?:db|database|connection)[ -])*pools?(?: (?:usage|use|utili[sz]ation|saturation|fill|full(?:ness)?|exhausted|exhaustion|percent(?:age)?))\b|\b(?:full|exhausted) (?:is |are )?(?:the )?(?:(?:db|database|connection) )*pools?\b", combine="max"),
    Asked("pool", "pool", "Connections in use", "connections",
          r"\b(?:(?:active|open|db|database|pool(?:ed)?|in-use|used) )*(?:db |database |pool )connections?(?: in use| open| used)?\b|\b(?:active|open) connections?\b|\bconnections? (?:in use|open|used)\b|\b(?:db|database|connection) pools?\b|\bconnections?\b"),
    Asked("queue", "queue", "Messages waiting", "messages",
          r"\b(?:message )?queue (?:length|depth|size|backlog)s?\b|\bbacklog\b|\bmessages? (?:(?:are )?(?:waiting|queued|pending)|in (?:the )?queue)\b|\b(?:queued|waiting|pending) messages?\b|\bconsumer lag\b"),
    Asked("cpu-throttled", "cpu-throttled", "CPU throttling", "%", r"\b(?:being )?(?:cpu[ -])?throttl(?:ing|ed|e)\b", combine="max"),
    Asked("cpu-rate", "cpu-rate", "CPU against its limit", "%",
          r"\b(?:cpu|processor)(?: (?:utili[sz]ation|saturation|percent(?:age)?|headroom|pressure)| limit usage| %)\b|\b(?:percent|percentage|%) (?:of )?(?:the )?cpu(?: limit)?\b", combine="max"),
    Asked("cpu", "cpu", "CPU", "millicores", r"\b(?:cpus?|processor|cores?|compute)(?: (?:usage|use|used|consumption|consumed|load|time|burn))?\b"),
    Asked("mem-rate", "mem-rate", "Memory against its limit", "%",
          r"\b(?:memory|mem|ram)(?: (?:utili[sz]ation|saturation|percent(?:age)?|headroom|pressure)| limit usage| %)\b|\b(?:percent|percentage|%) (?:of )?(?:the )?(?:memory|mem|ram)(?: limit)?\b", combine="max"),
    Asked("mem", "mem", "Memory", "MiB", r"\b(?:memory|mem|ram|working set|rss|heap)(?: (?:usage|use|used|consumption|consumed|footprint))?\b"),
    Asked("client-latency-95", "client-latency-95", "Latency of its own calls (p95)", "s",
          r"\b(?:client|outgoing|downstream|dependency|upstream) (?:call )?(?:latency|response times?)\b", combine="max"),
    Asked("client-error-rate", "client-error-rate", "Failed calls of its own", "%", r"\b(?:client|outgoing|downstream|dependency) (?:call )?(?:errors?|failures?)(?: rates?)?\b", combine="max"),
    Asked("errors", "error-rate", "Errors", "%",
          r"\b(?:(?:percentage|percent|share|fraction|ratio) of )?(?:failed|failing|erroneous) (?:requests|calls)\b|\b(?:(?:percentage|percent|share|fraction|ratio) of )?(?:requests|calls) (?:that |which |have |are |were )?(?:fail(?:ed|ing|s)?|error(?:ed|ing)?)\b|\b(?:http )?(?:error|failure|5xx|500|fail)(?:[ -](?:rate|ratio|percentage|percent|%))s?\b|\b(?:5xx|http 500|500)s?(?: errors?| responses?)?\b|\b(?:errors?|failures?|failing|failed|fail|erroring)(?: requests?| responses?)?\b", combine="max"),
    Asked("availability", "error-rate", "Availability", "%", r"\b(?:availability|success[ -](?:rate|ratio)|uptime|sli)\b", combine="max"),
    Asked("latency-50", "latency-50", "Latency (median)", "s", r"\b(?:p50|median|50th percentile|typical)(?: (?:latency|response times?|durations?))?\b|\b(?:latency|response times?) p50\b", combine="max"),
    Asked("latency-90", "latency-90", "Latency (p90)", "s", r"\b(?:p90|90th percentile)(?: (?:latency|response times?|durations?))?\b|\b(?:latency|response times?) p90\b", combine="max"),
    Asked("latency-99", "latency-99", "Latency (p99)", "s", r"\b(?:p99|99th percentile|tail)(?: (?:latency|response times?|durations?))?\b|\b(?:latency|response times?) p99\b", combine="max"),
    Asked("latency-95", "latency-95", "Latency (p95)", "s",
          r"\b(?:p95|95th percentile)(?: (?:latency|latencies|response times?|durations?))?\b|\b(?:(?:api|request|http) )?(?:latency|latencies|response[ -]times?|request durations?|durations?)(?: p95)?\b|\b(?:slow(?:ness|er|est|ly|ed down)?|sluggish|laggy|lag|fast(?:er|est)?|how (?:slow|fast|quick(?:ly)?))\b", combine="max"),
    Asked("network-in", "net-rx", "Network received", "bytes/s", r"\b(?:network|net) (?:in|ingress|receive[ds]?|rx)\b|\bbytes (?:received|in)\b|\bincoming (?:network|bandwidth)\b"),
    Asked("network-out", "net-tx", "Network sent", "bytes/s", r"\b(?:network|net) (?:out|egress|transmit(?:ted)?|sent|tx)\b|\bbytes (?:sent|out)\b|\b(?:outgoing )?(?:network(?: (?:usage|traffic|io|i/o))?|bandwidth)\b"),
    Asked("traffic", "workload", "Requests", "requests/s",
          r"\b(?:(?:http |request )?(?:traffic|throughput|volume)|(?:requests?|reqs?|queries|calls)(?: per| ?/| a) ?(?:second|sec|s|minute|min)(?: rate)?|request (?:rate|count|volume)s?|rps|qps|rpm|(?:http )?requests|load|hits)\b", flow=True),
    Asked("restarts", "restarts", "Container restarts", "restarts",
          r"\b(?:(?:pod|container) )?(?:restart(?:s|ed|ing)?(?: counts?)?|reboot(?:s|ed)?)\b", grows=True),
    Asked("oom", "oom", "OOM kills", "", r"\boom(?:[ -]?kill(?:s|ed)?|s|ed)?\b|\b(?:killed|ran|run|runs|running) out of memory\b", combine="max"),
    Asked("replicas", "replicas-ready", "Ready replicas", "pods", r"\b(?:ready|available) (?:replicas?|pods?)\b|\breplicas?(?: (?:count|ready|available))?\b"),
    Asked("disk", "disk-rate", "Volume use", "%", r"\b(?:disks?|volumes?|storage)(?: (?:usage|use|space|full|utili[sz]ation))?\b", combine="max"),
)  # fmt: skip

SIGNALS = MappingProxyType({s.name: s for s in _TABLE})
"""name -> signal, the more specific wording first"""

PARTNER = MappingProxyType({"cpu": "cpu-rate", "mem": "mem-rate"})
"""The share of the limit that belongs to an amount."""
