"""Diagnose evidence that somebody hands in, without an incident of ours: nothing is stored, nothing is done."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.diagnose import severity as severity_rule
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.diagnosis import Diagnosis
from watchkeeper.domain.evidence import EvidenceFile
from watchkeeper.domain.faults import FAULTS
from watchkeeper.domain.severity import Severity


@dataclass(frozen=True, slots=True)
class Analysis:
    """The diagnosis and the repair it suggests, as `POST /api/v1/incidents/analyze` tells it."""

    diagnosis: Diagnosis
    severity: Severity
    recommended_fix: Mapping[str, Any]
    generated_code: str


async def analyze(evidence: EvidenceFile, environment: str = "production") -> Analysis:
    """Causes, severity and the action of the catalogue that would fit; no manifests, so no rendered code.

    The suggestion stays a name: without a repository there is no plan to render, and nothing is invented.
    """
    diagnosis = await asyncio.to_thread(diagnose, evidence)
    severity = severity_rule.assess(Severity.WARNING, diagnosis, evidence, environment)
    return Analysis(diagnosis, severity, suggested_fix(diagnosis), "")


def suggested_fix(diagnosis: Diagnosis) -> dict[str, Any]:
    """The first action that may cure the first cause; type `none` where people must decide."""
    cause = diagnosis.cause
    actions = FAULTS[cause.kind].actions if cause else ()
    if cause is None or not actions:
        return {"type": "none", "reason": diagnosis.abstained_because or "no action of the catalogue cures this kind"}
    return {"type": actions[0], "target": cause.service, "alternatives": list(actions[1:])}
