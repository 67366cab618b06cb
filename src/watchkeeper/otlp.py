"""Our own traces, metrics and logs by OTLP. Nothing of OpenTelemetry is imported unless an endpoint is configured.

`OTEL_EXPORTER_OTLP_ENDPOINT` switches it on; the other variables of the OpenTelemetry specification (headers, timeout,
resource attributes) are read by its own library.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from watchkeeper.observe import REGISTRY

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_tracer: "Tracer | None" = None


def configured(environ: Mapping[str, str] | None = None) -> bool:
    """Is there somewhere to send it?"""
    return bool((os.environ if environ is None else environ).get("OTEL_EXPORTER_OTLP_ENDPOINT"))


@contextmanager
def telling(part: str) -> Iterator[None]:
    """Send what this process does while the block runs; nothing where no endpoint is configured. `part`: api, worker, …"""
    if not configured():
        yield
        return
    stop = _start(part)
    try:
        yield
    finally:
        stop()


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """One piece of work. Attributes are ids and names of ours, never text from outside."""
    if _tracer is None:
        yield
        return
    with _tracer.start_as_current_span(name, attributes=attributes):
        yield


def _start(part: str) -> Callable[[], None]:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    global _tracer
    named = {"service.name": "watchkeeper", "service.version": version("watchkeeper"), "watchkeeper.part": part}
    resource = Resource.create(named)
    traces, logs = TracerProvider(resource=resource), LoggerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    handler = LoggingHandler(logger_provider=logs)
    handler.addFilter(
        lambda record: not record.name.startswith("opentelemetry")
    )  # a failing exporter must not feed itself
    logging.getLogger().addHandler(handler)
    metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource)
    _mirror(metrics)
    _tracer = traces.get_tracer("watchkeeper")

    def stop() -> None:
        global _tracer
        _tracer = None
        logging.getLogger().removeHandler(handler)
        for provider in (traces, logs, metrics):
            provider.shutdown()

    return stop


def _mirror(provider: Any) -> None:
    """The metrics of /metrics, under the same names, read when they are sent."""
    from opentelemetry.metrics import CallbackOptions, Observation

    meter = provider.get_meter("watchkeeper")

    def reading(name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def read(_: CallbackOptions) -> Iterable[Observation]:
            for family in REGISTRY.collect():
                for sample in family.samples:
                    if sample.name == name:
                        yield Observation(sample.value, dict(sample.labels))

        return read

    for family in list(REGISTRY.collect()):
        if not family.name.startswith("aiops_"):
            continue
        if family.type == "gauge":
            meter.create_observable_gauge(family.name, [reading(family.name)], description=family.documentation)
        elif family.type == "counter":
            name = f"{family.name}_total"
            meter.create_observable_counter(name, [reading(name)], description=family.documentation)
        elif family.type == "histogram":
            for suffix in ("_count", "_sum"):
                name = f"{family.name}{suffix}"
                meter.create_observable_counter(name, [reading(name)], description=family.documentation)
