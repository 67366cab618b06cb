"""Train the configured model anew every `retrain_interval_hours`. Ours learns as it goes and needs none."""

import logging

from watchkeeper.domain.errors import ConfigurationError, InvalidInput, SourceError
from watchkeeper.settings import Settings
from watchkeeper.workflows.house import House
from watchkeeper.workflows.job import Job
from watchkeeper.workflows.train import train

log = logging.getLogger(__name__)


def _seconds(settings: Settings) -> float:
    rules = settings.anomaly_detection
    needed = rules.model_type != "adaptive" and bool(settings.sources.prometheus.url)
    return rules.retrain_interval_hours * 3600 if needed else 0.0


async def _run(house: House) -> None:
    try:
        done = await train(house)
    except (SourceError, InvalidInput, ConfigurationError) as error:
        log.warning("no model was trained: %s", error)
        return
    word = "promoted" if done.promoted else "kept aside"
    log.info(
        "model trained",
        extra={"fields": {"model": done.kind, "version": done.version, "outcome": word, "because": done.because}},
    )


JOB = Job(seconds=_seconds, run=_run)
