"""Detection and prediction."""

from typing import Literal

from pydantic import Field

from watchkeeper.settings.section import Section


class AnomalySettings(Section):
    """Detection of the unusual."""

    model_type: Literal["adaptive", "isolation_forest", "lstm"] = Field(
        "adaptive", description="Which detector scans. Not used yet."
    )
    contamination: float = Field(
        0.02, gt=0, lt=0.5, description="Expected share of anomalies, for isolation_forest. Not used yet."
    )
    retrain_interval_hours: float = Field(24, gt=0, description="How often models are trained anew. Not used yet.")
