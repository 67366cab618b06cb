"""Diagnose evidence that somebody hands in, without an incident of ours: nothing is stored, nothing is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Analysis:
    """The diagnosis and the repair it suggests, as `POST /api/v1/incidents/analyze` tells it."""

    diagnosis: Diagnosis
    severity: Severity
    recommended_fix: Mapping[str, Any]
    generated_code: str
