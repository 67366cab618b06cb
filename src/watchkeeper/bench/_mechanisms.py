"""Ways in which services break, for the recall benchmark: what each shows and how different stacks word it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mechanism:
    """`shows`: metric and direction at the cause; `says`: wordings of different stacks, one or two are seen at a time."""

    name: str
    kind: str
    mistaken_for: tuple[str, ...]
    shows: tuple[str, ...]
    says: tuple[str, ...]
    changes: tuple[str, ...] = ()


def _m(
    name: str, kind: str, mistaken: str, shows: str, says: tuple[str, ...], changes: tuple[str, ...] = ()
) -> Mechanism:
    return Mechanism(name, kind, tuple(mistaken.split()), tuple(shows.split(",")), says, changes)


MECHANISMS = (
    _m("heap", "memory", "crash release", "mem-rate up,restarts up", (
        "java.lang.OutOfMemoryError: Java heap space", "Container killed, exit code 137 (OOMKilled)",
        "Memory cgroup out of memory: Killed process 4411 (node)", "fatal error: runtime: out of memory",
        "GC overhead limit exceeded while filling the cart cache"), ("release",)),
    _m("native memory", "memory", "crash node", "mem-rate up", (
        "Cannot allocate memory: fork failed", "OSError: [Errno 12] Cannot allocate memory",
        "direct buffer memory exhausted, refusing channel", "mmap failed: ENOMEM")),
    _m("busy loop", "cpu", "latency overload", "cpu-rate up,latency-95 up", (
        "event loop blocked for 4300 ms", "soft lockup - CPU#3 stuck for 22s", "worker did not yield, scheduler tick overrun",
        "regex evaluation took 3801 ms in one request"), ("release",)),
    _m("throttled", "cpu", "latency release", "cpu-rate up,throttled up", (
        "cfs quota reached, periods throttled 88%", "slow request: 2.4 s spent runnable, not running",
        "GC pause 1900ms, cpu limit 200m", "process starved: cpu quota used up"), ("config",)),
    _m("packet loss", "network", "latency dependency", "latency-95 up,net-rx down", (
        "TCP retransmission rate 12%", "connection reset by peer while reading response header",
        "write: broken pipe to upstream", "rpc error: code = Unavailable desc = transport is closing")),
    _m("dns", "network", "dependency configuration", "availability down", (
        "getaddrinfo ENOTFOUND payments.internal", "could not resolve host: temporary failure in name resolution",
        "lookup orders on 10.0.0.10:53: no such host", "java.net.UnknownHostException: inventory", "SERVFAIL from nameserver")),
    _m("slow query", "latency", "dependency cpu", "latency-95 up,disk-io up", (
        "duration: 8841.220 ms  statement: select * from line_items", "slow query log: full table scan on orders, 2100000 rows",
        "query took 9s, no index on customer_ref", "sequential scan chosen, estimate off by 4000x"), ("config",)),
    _m("lock wait", "latency", "dependency pool_exhausted", "latency-95 up,workload down", (
        "Lock wait timeout exceeded; try restarting transaction", "deadlock detected: process 71 waits for ShareLock",
        "could not obtain lock on row in relation stock", "statement blocked by idle in transaction session for 300 s")),
    _m("null path", "code", "errors release", "availability down", (
        "java.lang.NullPointerException at PriceService.quote", "TypeError: Cannot read properties of undefined (reading 'amount')",
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "AttributeError: 'NoneType' object has no attribute 'total'"), ("release",)),
    _m("bad decode", "code", "errors configuration", "availability down", (
        "json: cannot unmarshal string into Go struct field Order.qty", "Unexpected token < in JSON at position 0",
        "MalformedJsonException: expected BEGIN_OBJECT", "protobuf: wire format truncated, failed to parse message"), ("release",)),
    _m("5xx burst", "errors", "code dependency", "availability down", (
        "responded 500 Internal Server Error to POST /checkout", "unhandled exception in handler, answering 500",
        "request failed with status 500 after 3 attempts", "HTTP 500 returned by controller")),
    _m("rate limited", "errors", "dependency overload", "availability down,workload up", (
        "429 Too Many Requests from partner api, backing off", "quota exceeded: 1000 calls per minute",
        "throttled by upstream, Retry-After: 30", "RateLimitError: slow down")),
    _m("new release", "release", "code errors", "availability down,latency-95 up", (
        "NoSuchMethodError: com.shop.Tax.rate(Currency)", "ImportError: cannot import name 'legacy_tax'",
        "undefined symbol: tax_v2_init", "ClassNotFoundException: com.shop.TaxV2"), ("release",)),
    _m("schema drift", "release", "code errors", "availability down", (
        "ERROR: column \"discount_code\" does not exist", "Unknown column 'discount_code' in 'field list'",
        "relation \"coupons\" does not exist", "migration 042 pending, refusing writes"), ("release",)),
    _m("missing setting", "configuration", "crash release", "availability down,restarts up", (
        "required environment variable PAYMENT_URL is not set", "KeyError: 'PAYMENT_URL'",
        "Could not resolve placeholder 'payment.url' in value", "config validation failed: missing property payment.url",
        "secret \"payment\" not found"), ("config",)),
    _m("wrong port", "configuration", "dependency network", "availability down", (
        "connect: connection refused 10.2.3.4:8081", "Readiness probe failed: dial tcp :8081: connect: connection refused",
        "no endpoints available for service", "upstream connect error, port 8081 nothing listening"), ("config",)),
    _m("db pool", "pool_exhausted", "latency dependency", "pool-rate up,latency-95 up", (
        "HikariPool-1 - Connection is not available, request timed out after 30000ms",
        "QueuePool limit of size 10 overflow 5 reached, connection timed out",
        "remaining connection slots are reserved", "sorry, too many clients already", "no free connection in pool, waiters 41")),
    _m("thread pool", "pool_exhausted", "stuck latency", "pool-rate up,workload down", (
        "RejectedExecutionException: task queue is full", "all 200 worker threads are busy",
        "no idle worker, request parked", "thread pool exhausted, active 200 queued 1000")),
    _m("consumer lag", "queue_backlog", "latency overload", "queue up,latency-95 up", (
        "consumer group orders lag 181220 and growing", "offset behind by 90000 messages",
        "queue depth 55000 above high water mark", "backlog: oldest unacked message is 18 minutes old")),
    _m("poison message", "queue_backlog", "code errors", "queue up", (
        "message redelivered 48 times, moving to dead letter queue", "cannot deserialize event, nack and requeue",
        "same offset retried again, partition blocked", "rejecting delivery tag 9, requeue=true")),
    _m("rush", "overload", "cpu latency", "workload up,cpu-rate up,latency-95 up", (
        "accept queue overflow, dropping SYN", "load shedding active: 30% of requests refused",
        "too many concurrent requests, limit 512", "server busy, returning 503 overload")),
    _m("retry storm", "overload", "dependency latency", "workload up,latency-95 up", (
        "retry attempt 5 of 5 for the same request id", "hedged and retried calls are 70% of traffic",
        "duplicate request detected, client retries", "circuit half open, flood of retries")),
    _m("partner down", "dependency", "network errors", "availability down,client-latency-95 up", (
        "503 Service Unavailable from api.bank.example", "upstream partner did not answer within 5 s",
        "circuit breaker for bank is open", "external provider unreachable, giving up")),
    _m("cache down", "dependency", "network latency", "client-latency-95 up,latency-95 up", (
        "redis: connection refused, falling back to database", "MOVED/CLUSTERDOWN The cluster is down",
        "memcached server marked dead", "cache unavailable, miss ratio 100%")),
    _m("segfault", "crash", "memory release", "restarts up,availability down", (
        "signal 11 (SIGSEGV) received, core dumped", "segfault at 0 ip 00007f in libssl.so",
        "Back-off restarting failed container, exit code 139", "Aborted (core dumped)")),
    _m("startup assertion", "crash", "configuration release", "restarts up", (
        "AssertionError during startup, exiting", "IllegalStateException: bean creation failed, shutting down",
        "fatal: initialization failed, exit status 1", "CrashLoopBackOff: back-off 5m0s restarting container"), ("release",)),
    _m("tag typo", "image", "release scheduling", "replicas down", (
        "Failed to pull image \"shop/web:v1.2.33\": manifest unknown", "ErrImagePull: tag does not exist",
        "ImagePullBackOff: image not found in registry"), ("release",)),
    _m("registry login", "image", "scheduling configuration", "replicas down", (
        "pull access denied, repository may require docker login", "401 Unauthorized from registry",
        "no basic auth credentials for registry", "imagePullSecrets: secret expired")),
    _m("no room", "scheduling", "node image", "replicas down", (
        "0/6 nodes are available: 6 Insufficient cpu", "FailedScheduling: Insufficient memory",
        "pod pending: no node has room, preemption not helpful"), ("scale",)),
    _m("taint", "scheduling", "node configuration", "replicas down", (
        "node(s) had untolerated taint {dedicated: gpu}", "0/6 nodes match pod node affinity/selector",
        "didn't match Pod's node affinity"), ("config",)),
    _m("node gone", "node", "network crash", "node up,replicas down", (
        "NodeNotReady: kubelet stopped posting node status", "lost contact with node, evicting pods",
        "node heartbeat missed for 40 s", "taint node.kubernetes.io/unreachable added")),
    _m("disk pressure", "node", "storage memory", "node up", (
        "NodeHasDiskPressure, evicting pods by ephemeral usage", "eviction manager: must evict pod to reclaim ephemeral-storage",
        "kubelet: image garbage collection failed, usage above threshold")),
    _m("volume full", "storage", "errors crash", "disk-rate up,availability down", (
        "No space left on device", "could not write block: ENOSPC", "disk usage 100% on /var/lib/data",
        "PANIC: could not write to file pg_wal: No space left", "IOException: not enough disk space to append")),
    _m("mount lost", "storage", "configuration scheduling", "availability down", (
        "MountVolume.SetUp failed for volume data: timed out", "Stale file handle on /mnt/share",
        "Unable to attach or mount volumes: unattached volumes=[data]", "transport endpoint is not connected")),
    _m("expired", "certificate", "dependency errors", "availability down", (
        "x509: certificate has expired or is not yet valid", "SSLHandshakeException: NotAfter passed",
        "tls: failed to verify certificate: expired", "certificate expired 2 hours ago", "CERT_HAS_EXPIRED")),
    _m("unknown authority", "certificate", "configuration network", "availability down", (
        "x509: certificate signed by unknown authority", "PKIX path building failed: unable to find valid certification path",
        "self-signed certificate in certificate chain", "tlsv1 alert unknown ca"), ("config",)),
    _m("deadlocked", "stuck", "traffic_loss latency", "workload down,cpu-rate down", (
        "Found one Java-level deadlock", "all goroutines are asleep", "watchdog: no progress for 300 s",
        "handler thread blocked on monitor for 5 minutes")),
    _m("election", "stuck", "network dependency", "workload down", (
        "no leader elected, quorum lost", "etcdserver: leader changed, request timed out",
        "raft: lost leader, waiting for votes", "ZooKeeper session expired, not serving")),
    _m("route gone", "traffic_loss", "network stuck", "workload down", (
        "ingress has no rule for host shop.example", "404 page not found from gateway for /api",
        "virtual service deleted, route table empty", "load balancer: no healthy target in group"), ("config",)),
    _m("login broken", "errors", "certificate configuration", "availability down", (
        "JWT signature does not match, key id unknown", "401 invalid_token for every caller",
        "OIDC discovery failed, cannot verify tokens", "authentication failure: credentials rejected by ldap")),
)  # fmt: skip

ORDINARY = (
    "cache warmed in 1200 ms", "deprecated option 'legacy.mode' is used", "connection closed by client", "slow consumer warning 1.2 s",
    "retrying request (1/3)", "GC pause 120 ms", "health check took 900 ms", "user session expired", "rotated log file",
    "feature flag refreshed", "received SIGHUP, reloading", "request cancelled by caller", "DNS cache refreshed", "leader lease renewed",
    "config reloaded, no changes", "token refreshed", "checkpoint complete: wrote 812 buffers", "client sent invalid cookie",
    "scheduled job took longer than usual", "certificate will expire in 29 days", "disk usage 71%", "pool grew to 12 connections",
    "response larger than 1 MB", "replica caught up", "node label updated",
)  # fmt: skip
"""Lines of every day: noise beside the telling ones."""
