"""What the objects of the cluster say by themselves: the rules of `diagnose/cluster/rules/`, folded to their roots."""

from collections.abc import Mapping
from datetime import timedelta

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.cluster.findings import ClusterFinding, check
from watchkeeper.diagnose.cluster.rule import Level
from watchkeeper.diagnose.cluster.snapshot import Snapshot
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Origin, Signal

_PATIENCE = timedelta(seconds=10)
"""In an incident something is wrong already: what does not start within this counts."""
_ELSEWHERE = ("out_of_memory", "node")
"""Rules whose trouble `memory_limit` and `node` weigh with more than objects."""
_INDICATORS: Mapping[str, str] = {"crash": "restarts", "image": "replicas-ready", "scheduling": "replicas-ready"}
_AT_RISK = 0.6


def examine(case: Case) -> list[Finding]:
    """One finding a root: about the workload that suffers by it, by fields that only the control plane writes."""
    return strongest(_tell(f) for f in rooted(case) if f.rule not in _ELSEWHERE and f.level is not Level.ADVICE)


def rooted(case: Case) -> list[ClusterFinding]:
    """The findings of the snapshot, made once for a case."""
    return case.once(
        "cluster", lambda: check(Snapshot(case.evidence.objects, case.evidence.window.end, patience=_PATIENCE))
    )


def _tell(found: ClusterFinding) -> Finding:
    trusted = any(p.trusted for p in found.proofs)
    quoted = " ".join(p.text for p in found.proofs if not p.trusted)[:200]
    words = found.words + (f"; {found.edit.words} at {found.edit.at:%H:%M:%S}" if found.edit else "")
    strength = found.weight * (_AT_RISK if found.level is Level.AT_RISK else 1.0)
    return finding(
        "cluster_state", found.kind, found.workload.name, _INDICATORS.get(found.kind, "replicas-ready"), strength, words,
        signal=Signal.KUBERNETES, origin=Origin.CONTROL_PLANE if trusted else Origin.WORKLOAD, at=found.since, excerpt=quoted,
    )  # fmt: skip


ANALYZER = Analyzer("cluster_state", Signal.KUBERNETES, examine)
