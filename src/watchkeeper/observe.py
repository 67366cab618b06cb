"""What Watchkeeper tells of itself: Prometheus metrics with the specification's names, and structured logs."""

import json
import logging
from datetime import UTC, datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

REGISTRY = CollectorRegistry()
for _of_the_process in (ProcessCollector, PlatformCollector, GCCollector):
    _of_the_process(registry=REGISTRY)

INCIDENTS = Counter("aiops_incidents_total", "Incidents opened.", ["severity"], registry=REGISTRY)
OPEN_INCIDENTS = Gauge("aiops_incidents_open", "Incidents not yet resolved.", ["stage"], registry=REGISTRY)
INCIDENT_INFO = Gauge(
    "aiops_incident_info",
    "The newest incidents and where they stand; the value is the unix time at which they opened, in milliseconds.",
    ["incident", "severity", "stage", "service", "cause", "root_cause"],
    registry=REGISTRY,
)
ALERTS = Counter("aiops_alerts_received_total", "Alerts accepted.", ["source", "outcome"], registry=REGISTRY)
ATTEMPTS = Counter("aiops_remediation_attempts_total", "Repairs carried out.", ["action"], registry=REGISTRY)
SUCCESSES = Counter("aiops_remediation_success_total", "Repairs proven to have helped.", ["action"], registry=REGISTRY)
ROLLBACKS = Counter("aiops_remediation_rollback_total", "Repairs undone.", ["action"], registry=REGISTRY)
RESOLUTION = Histogram(
    "aiops_incident_resolution_duration_seconds",
    "From the first alert to proven recovery.",
    buckets=(15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400),
    registry=REGISTRY,
)
TRUE_POSITIVES = Gauge("aiops_anomaly_true_positives", "Detections people called real.", registry=REGISTRY)
FALSE_POSITIVES = Gauge("aiops_anomaly_false_positives", "Detections people called noise.", registry=REGISTRY)
CONFIDENCE = Histogram(
    "aiops_diagnosis_confidence", "Confidence of the first-ranked cause.",
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0), registry=REGISTRY,
)  # fmt: skip
DIAGNOSIS_SECONDS = Histogram("aiops_diagnosis_duration_seconds", "Time to think, reading included.", registry=REGISTRY)
SOURCE_QUERIES = Counter(
    "aiops_source_queries_total", "Queries sent to telemetry sources.", ["source", "outcome"], registry=REGISTRY
)
STEP_SECONDS = Histogram("aiops_step_duration_seconds", "Steps of the incident story.", ["stage"], registry=REGISTRY)


class JsonLines(logging.Formatter):
    """One JSON object a line; control characters in values are escaped by JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with time, level, logger, message and the fields given as `extra={"fields": …}`."""
        out = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            out["exception"] = self.formatException(record.exc_info)
        return json.dumps(out, default=str)


def configure_logging(level: str = "info", *, json_lines: bool = True) -> None:
    """Send logs to standard error, once."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if json_lines else logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
