"""Detection and prediction."""

from typing import Literal

from pydantic import Field

from watchkeeper.settings.section import Section


class AnomalySettings(Section):
    """Detection of the unusual."""

    model_type: Literal["adaptive", "isolation_forest", "lstm"] = Field(
        "adaptive",
        description="Which detector scans: a file of the shelf `detect/models`. lstm needs `watchkeeper[lstm]`.",
    )
    contamination: float = Field(
        0.02, gt=0, lt=0.5, description="Expected share of anomalies in the history isolation_forest is trained on."
    )
    retrain_interval_hours: float = Field(
        24, gt=0, description="How often models are trained anew and tried against the current one."
    )
    models_dir: str = Field("", description="Folder of trained models; empty: `models` under `store.data_dir`.")
    scan: bool = Field(
        True, description="Read every workload's signals from Prometheus and open incidents by themselves."
    )
    scan_seconds: float = Field(60, ge=5, description="Seconds between samples, and between two scans.")
    shards: int = Field(1, ge=1, le=256, description="Parts of the scan, by workload, that any workers share.")
    pages_per_week: float = Field(
        1.0,
        gt=0,
        le=100,
        description="The one knob: incidents without cause that a team accepts in a week from the scanner.",
    )
    warm_up_hours: float = Field(24, gt=0, description="Samples a series needs before it may say anything.")
    history_hours: float = Field(
        48, ge=1, le=80, description="What is read from Prometheus when a series is seen first."
    )
    min_requests_per_second: float = Field(
        0.5, ge=0, description="A service served less than this: nothing made of requests is judged."
    )
    objective: float = Field(
        99.9,
        gt=50,
        lt=100,
        description="Percent of requests that must succeed over 30 days: what the error budget is counted from.",
    )
    queue_limit: float = Field(
        0.0, ge=0, description="Messages a queue may hold; 0: unknown, and no forecast of it is made."
    )
