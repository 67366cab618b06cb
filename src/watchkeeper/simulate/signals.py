"""What the containers show: series as a scrape gives them, log lines in several formats, sampled traces."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime

from watchkeeper.simulate.engine import BUCKETS, Counted, Engine, Pod
from watchkeeper.simulate.ports import LogLine, MetricSample, Span

_PERIOD = 100_000.0


def samples(engine: Engine, now: float) -> Iterator[MetricSample]:
    """Every pod's own series and cAdvisor's. A pod that cannot be scraped shows only `up` 0."""
    for pod in list(engine.pods.values()):
        if pod.container.node in engine.dark_nodes:
            continue
        ours = pod.container.namespace == engine.shop.namespace and pod.container.owner in engine.shop.services
        if ours:
            yield from _of_pod(engine, pod, now)
        yield from _cadvisor(pod)


def _of_pod(engine: Engine, pod: Pod, now: float) -> Iterator[MetricSample]:
    c = pod.container
    base = {"job": c.owner, "instance": f"{c.pod}:8080", "namespace": c.namespace, "pod": c.pod, "app": c.owner}
    if engine.shop.plain_pods:
        base = {"job": "pods", "instance": f"{c.pod}:8080", "namespace": c.namespace, "pod": c.pod}
    answers = pod.exit is None and now - pod.started >= 1.0 and not engine.ailing(c.owner, pod, now).unscrapable
    yield MetricSample("up", base, 1.0 if answers else 0.0)
    if not answers:
        return
    yield MetricSample("process_start_time_seconds", base, pod.started)
    yield from _counted("http_server_requests_total", "http_server_request_duration_seconds", base, pod.served)
    for peer, counted in pod.called.items():
        yield from _counted(
            "http_client_requests_total", "http_client_request_duration_seconds", {**base, "peer": peer}, counted
        )
    if pod.pool_size:
        yield MetricSample("db_pool_connections_active", base, round(pod.pool_active, 2))
        yield MetricSample("db_pool_connections_max", base, float(pod.pool_size))
        yield MetricSample("db_pool_acquire_timeouts_total", base, pod.pool_timeouts)
    if engine.shop.services[c.owner].role == "queue":
        yield MetricSample("queue_messages", {**base, "queue": "parcels"}, round(engine.queue_messages))


def _counted(total: str, latency: str, labels: dict[str, str], counted: Counted) -> Iterator[MetricSample]:
    yield MetricSample(total, {**labels, "code": "200"}, counted.good)
    if counted.bad:
        yield MetricSample(total, {**labels, "code": "500"}, counted.bad)
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), counted.latency.counts, strict=True):
        yield MetricSample(f"{latency}_bucket", {**labels, "le": bound}, count)
    yield MetricSample(f"{latency}_count", labels, counted.latency.counts[-1])
    yield MetricSample(f"{latency}_sum", labels, counted.latency.total)


def _cadvisor(pod: Pod) -> Iterator[MetricSample]:
    c = pod.container
    base = {"job": "cadvisor", "instance": c.node, "namespace": c.namespace, "pod": c.pod, "container": c.name}
    yield MetricSample("container_cpu_usage_seconds_total", base, pod.cpu_seconds)
    yield MetricSample("container_memory_working_set_bytes", base, pod.memory if pod.exit is None else 0.0)
    yield MetricSample("container_memory_usage_bytes", base, pod.memory * 1.2 if pod.exit is None else 0.0)
    yield MetricSample("container_spec_memory_limit_bytes", base, c.memory_limit or 0.0)
    yield MetricSample("container_cpu_cfs_periods_total", base, pod.periods)
    yield MetricSample("container_cpu_cfs_throttled_periods_total", base, pod.throttled)
    if c.cpu_limit:
        yield MetricSample("container_spec_cpu_quota", base, c.cpu_limit * _PERIOD)
        yield MetricSample("container_spec_cpu_period", base, _PERIOD)
    wire = {k: v for k, v in base.items() if k != "container"}
    yield MetricSample("container_network_receive_bytes_total", wire, pod.received)
    yield MetricSample("container_network_transmit_bytes_total", wire, pod.sent)


def trace(engine: Engine, now: float) -> tuple[list[Span], list[LogLine]]:
    """One request through the shop: its spans, and the lines the services wrote on the way."""
    trace_id = f"{engine.random.getrandbits(124):032x}"
    spans: list[Span] = []
    lines: list[LogLine] = []
    _visit(
        engine, engine.shop.entry, engine.shop.services[engine.shop.entry].operation, "", trace_id, now, spans, lines
    )
    return spans, lines


def _visit(
    engine: Engine,
    name: str,
    operation: str,
    parent: str,
    trace_id: str,
    at: float,
    spans: list[Span],
    lines: list[LogLine],
) -> tuple[float, bool]:
    """Seconds the visit took, and whether it failed."""
    state, service = engine.states[name], engine.shop.services[name]
    pods = [p for p in engine.of(name) if p.container.node not in engine.dark_nodes]
    pod = engine.random.choice(pods) if pods else None
    # Who sends no spans still hands on the context it was given.
    span_id = f"{engine.random.getrandbits(64):016x}" if service.traced else parent
    severed = ""
    own = state.own * math.exp(engine.random.gauss(0, 0.4))
    failed = engine.random.random() < state.own_errors or pod is None
    took = own
    cut = not failed and engine.random.random() < state.cut
    if not failed and not cut:
        for call in service.calls:
            times = int(call.times) + (engine.random.random() < call.times % 1)
            for _ in range(times):
                seconds, broke = _call(
                    engine, name, call.callee, call.operation, span_id, trace_id, at + took, spans, lines
                )
                took += seconds
                if broke:
                    failed = True
                    cause = engine.severance(name, call.callee)
                    severed = cause.words.format(callee=call.callee) if cause else ""
                    break
            if failed:
                break
    if pod is not None:
        if service.traced:
            resource = _resource(engine, name, pod)
            spans.append(Span(trace_id, span_id, parent, name, operation, "server", at, took, failed, {}, resource))
        ill = engine.ailing(name, pod, at)
        own_fault = failed and state.own_errors > 0.01
        lines += _lines(
            pod,
            service.logs,
            operation,
            took,
            failed,
            severed or (ill.exception if own_fault else ""),
            state.waiting,
            at + took,
            trace_id,
            span_id,
        )
    return took, failed


def _call(
    engine: Engine,
    caller: str,
    callee: str,
    operation: str,
    parent: str,
    trace_id: str,
    at: float,
    spans: list[Span],
    lines: list[LogLine],
) -> tuple[float, bool]:
    traced = engine.shop.services[caller].traced
    span_id = f"{engine.random.getrandbits(64):016x}" if traced else parent
    cut = engine.severance(caller, callee)
    delay = engine.edge_delay.get(caller, 0.0) + engine.edge_delay.get(callee, 0.0) + 0.0004
    if cut is not None:
        took, failed = cut.seconds, True
    else:
        took, failed = _visit(engine, callee, operation, span_id, trace_id, at + delay, spans, lines)
    if not traced:
        return took + 2 * delay, failed
    pods = engine.of(caller)
    resource = _resource(engine, caller, pods[0]) if pods else {"service.name": caller}
    spans.append(
        Span(
            trace_id,
            span_id,
            parent,
            caller,
            operation,
            "client",
            at,
            took + 2 * delay,
            failed,
            {"peer.service": callee},
            resource,
        )
    )
    return took + 2 * delay, failed


def _resource(engine: Engine, name: str, pod: Pod) -> dict[str, str]:
    """Who sends a span; with plain pods, under a name that only the program itself uses."""
    own = f"{name.replace('-', '_')}_app" if engine.shop.plain_pods else name
    return {"service.name": own, "k8s.pod.name": pod.container.pod, "k8s.namespace.name": pod.container.namespace}


def _lines(
    pod: Pod,
    style: str,
    operation: str,
    took: float,
    failed: bool,
    exception: str,
    waiting: float,
    at: float,
    trace_id: str,
    span_id: str,
) -> list[LogLine]:
    c = pod.container
    millis = round(took * 1000, 1)
    said = [("error" if failed else "info", f"{operation} {'failed' if failed else 'served'} in {millis} ms")]
    if failed and waiting > 0:
        said.append(
            (
                "error",
                f"timeout acquiring a connection from the pool (size={pod.pool_size}, waiting={int(waiting) + 1})",
            )
        )
    if failed and exception:
        said.append(("error", exception))
    return [
        LogLine(
            at,
            c.namespace,
            c.owner,
            c.pod,
            c.name,
            level,
            dressed(style, level, text, at, trace_id),
            trace_id,
            span_id,
            c.attempt,
        )
        for level, text in said
    ]


def dressed(style: str, level: str, text: str, at: float, trace_id: str) -> str:
    """The line as the service's logger writes it."""
    moment = datetime.fromtimestamp(at, UTC)
    match style:
        case "json":
            return json.dumps({"ts": moment.isoformat(), "level": level, "msg": text, "trace_id": trace_id})
        case "logfmt":
            return f'ts={moment.isoformat()} level={level} msg="{text}" trace_id={trace_id}'
        case "java":
            return f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d} {level.upper():5} [http-8080] shop.Handler - {text}"
        case _:
            return f"{moment:%Y/%m/%d %H:%M:%S} [{level}] {text}"
