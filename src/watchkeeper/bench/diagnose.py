"""Diagnosis of every case of a labelled folder; predictions in the form the data's own scorer reads."""

import resource
import statistics
import time
from typing import Any

from watchkeeper.bench._asked import Asked, write_json
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.errors import InvalidInput
from watchkeeper.telemetry.sources.case_folder import load


def run(asked: Asked) -> dict[str, Any]:
    """Figures: cases, seconds a case, peak memory. Raises InvalidInput where the folder holds no case."""
    directory = asked.folder()
    cases = sorted(p.parent for p in directory.glob("*/inject_time.txt"))
    if not cases:
        raise InvalidInput(
            f"{directory} holds no case", hint="a case is a folder with inject_time.txt (docs/reference/case-folder.md)"
        )
    ranked: dict[str, list[str]] = {}
    shown: dict[str, list[str]] = {}
    told: dict[str, list[dict[str, Any]]] = {}
    abstentions: dict[str, str] = {}
    seconds = []
    for number, case in enumerate(cases, 1):
        began = time.monotonic()
        diagnosis = diagnose(load(case))
        seconds.append(time.monotonic() - began)
        if diagnosis.abstained:
            unseen = "; ".join(f"{m.signal} {m.reason}" for m in diagnosis.missing)
            abstentions[case.name] = diagnosis.abstained_because + (f" ({unseen})" if unseen else "")
        told[case.name] = [
            {"service": h.service, "kind": h.kind, "score": round(h.score, 4), "confidence": h.confidence, "why": h.findings[0].summary}
            for h in diagnosis.hypotheses[:3]
        ]  # fmt: skip
        ranked[case.name] = [h.service for h in diagnosis.hypotheses]
        shown[case.name] = [f"{h.service}_{f.indicator}" for h in diagnosis.hypotheses for f in h.findings]
        asked.progress(number, len(cases))
    figures = {
        "benchmark": "diagnose", "directory": directory.name, "cases": len(cases), "abstained": len(abstentions),
        "median_seconds": round(statistics.median(seconds), 3), "worst_seconds": round(max(seconds), 3),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip
    whole = {**figures, "abstentions": abstentions, "ranked": told}
    for path, content in ((asked.predictions, ranked), (asked.indicators, shown), (asked.json_out, whole)):
        write_json(path, content)
    return figures
