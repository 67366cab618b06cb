"""The scanner: every workload's signals, read and judged as they come; in shards that any workers share."""

from watchkeeper.settings import Settings
from watchkeeper.workflows import scan
from watchkeeper.workflows.job import ShardedJob


def _seconds(settings: Settings) -> float:
    rules = settings.anomaly_detection
    return rules.scan_seconds if rules.scan and settings.sources.prometheus.url else 0.0


JOB = ShardedJob(seconds=_seconds, shards=lambda settings: settings.anomaly_detection.shards, run=scan.run)
