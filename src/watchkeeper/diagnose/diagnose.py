"""The one entry: evidence in, ranked causes with cited sentences out. Pure."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case
from watchkeeper.diagnose.explain import explain
from watchkeeper.diagnose.rank import rank, too_thin
from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Finding, Hypothesis
from watchkeeper.domain.evidence import Change, EvidenceFile
from watchkeeper.shelf import plugins

_RECENT = timedelta(minutes=30)
_MOST_CHANGES = 20
SHELF = "watchkeeper.diagnose.analyzers"


def diagnose(evidence: EvidenceFile) -> Diagnosis:
    """Every analyzer of the shelf, then the ranking, then words. Abstains where nothing stands out."""
    began = time.monotonic()
    case = Case(evidence)
    findings = examine(case, plugins(SHELF, "ANALYZER").values())
    examined = time.monotonic()
    hypotheses = numbered(rank(case, findings))
    abstained = too_thin(hypotheses)
    changes = changed(evidence)
    timings = {"examine": examined - began, "rank": time.monotonic() - examined}
    return Diagnosis(
        hypotheses=hypotheses,
        sentences=explain(hypotheses, evidence.missing, changes, abstained=abstained),
        abstained=abstained,
        abstained_because="nothing measured departs from normal far enough to name a cause" if abstained else "",
        missing=evidence.missing,
        changes=changes,
        evidence_digest=digest_of(hypotheses),
        timings=timings,
    )


def changed(evidence: EvidenceFile) -> tuple[Change, ...]:
    """Changes from half an hour before the onset on, newest first."""
    recent = [c for c in evidence.changes if c.at >= evidence.window.onset - _RECENT]
    return tuple(sorted(recent, key=lambda c: (c.at, c.id), reverse=True)[:_MOST_CHANGES])


def examine(case: Case, analyzers: Iterable[Analyzer]) -> list[Finding]:
    """What every analyzer sees, in order of the shelf."""
    return [finding for analyzer in analyzers for finding in analyzer.examine(case)]


def numbered(hypotheses: Sequence[Hypothesis]) -> tuple[Hypothesis, ...]:
    """The same with evidence ids E1, E2, … in order of appearance."""
    count = 0
    out = []
    for hypothesis in hypotheses:
        findings = []
        for finding in hypothesis.findings:
            items: list[EvidenceItem] = []
            for item in finding.evidence:
                count += 1
                items.append(replace(item, id=f"E{count}"))
            findings.append(replace(finding, evidence=tuple(items)))
        out.append(replace(hypothesis, findings=tuple(findings)))
    return tuple(out)


def digest_of(hypotheses: Sequence[Hypothesis]) -> str:
    """SHA-256 over what was observed: the same situation has the same digest."""
    text = "\n".join(
        f"{h.service}|{h.kind}|{e.signal}|{e.metric}|{e.statement}" for h in hypotheses for e in h.evidence
    )
    return hashlib.sha256(text.encode()).hexdigest()
