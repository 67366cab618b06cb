"""A machine that is not ready or under pressure, while services that run on it suffer."""

from collections import defaultdict

from watchkeeper.diagnose.analyzer import Analyzer
from watchkeeper.diagnose.analyzers import cluster_state, own_errors, own_latency
from watchkeeper.diagnose.case import Case, finding, strongest
from watchkeeper.diagnose.cluster.rules.node import trouble
from watchkeeper.diagnose.cluster.snapshot import conditions
from watchkeeper.diagnose.objects import service_of_pod
from watchkeeper.domain.diagnosis import Finding
from watchkeeper.domain.evidence import Origin, Signal


def examine(case: Case) -> list[Finding]:
    """One finding a node in trouble, stronger the more of the suffering services run on it."""
    ailing = {
        name: state for o in case.evidence.objects if o.get("kind") == "Node"
        for name, state in [(str(o.get("metadata", {}).get("name", "")), trouble(o)[0])] if state
    }  # fmt: skip
    if not ailing:
        return []
    suffering = {
        f.service for a in (own_errors, own_latency, cluster_state) for f in a.examine(case) if f.strength > 0.1
    }
    on: dict[str, set[str]] = defaultdict(set)
    for pod in (o for o in case.evidence.objects if o.get("kind") == "Pod"):
        node, service = str(pod.get("spec", {}).get("nodeName", "")), service_of_pod(pod)
        on[node].add(service)
        if node in ailing and conditions(pod).get("Ready", {}).get("status") == "False":
            # Who fell silent with its machine shows no symptom of its own.
            suffering.add(service)
    return strongest(
        _finding(node, state, suffering & on[node], _explained(case, suffering & on[node], suffering))
        for node, state in ailing.items()
    )


def _explained(case: Case, here: set[str], suffering: set[str]) -> float:
    """Share of what suffers that runs here, or calls what does."""
    above = {s for service in here for s in case.topology.upstream(service)}
    return len(suffering & (here | above)) / len(suffering) if suffering else 0.0


def _finding(node: str, state: str, here: set[str], share: float) -> Finding:
    words = f"node {node} is {state}" if state == "not ready" else f"node {node} reports {state}"
    words += (
        f"; {', '.join(sorted(here)[:4])} run on it and suffer" if here else ", but nothing that suffers runs on it"
    )
    return finding(
        "node", "node", node, "node-ready", 0.3 + 0.65 * share if here else 0.1, words,
        signal=Signal.KUBERNETES, origin=Origin.CONTROL_PLANE,
    )  # fmt: skip


ANALYZER = Analyzer("node", Signal.KUBERNETES, examine)
