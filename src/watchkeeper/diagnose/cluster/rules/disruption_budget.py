"""Disruption budgets that let nothing be drained although every pod is well."""

from collections.abc import Iterable

from watchkeeper.diagnose.cluster.rule import Level, Proof, Rule, Symptom
from watchkeeper.diagnose.cluster.snapshot import Snapshot, conditions, counted, ref


def look(snapshot: Snapshot) -> Iterable[Symptom]:
    """Only where it is so by its numbers: a budget used up by pods that are not well is a consequence."""
    cordoned = [ref(n).name for n in snapshot.of("Node") if (n.get("spec") or {}).get("unschedulable")]
    for budget in snapshot.of("PodDisruptionBudget"):
        who, allowed = ref(budget), conditions(budget).get("DisruptionAllowed", {})
        expected, healthy, desired = (counted(budget, k) for k in ("expectedPods", "currentHealthy", "desiredHealthy"))
        if allowed.get("status") != "False" or expected == 0 or healthy < expected or desired < expected:
            continue
        pods = snapshot.chosen(who.namespace, (budget.get("spec") or {}).get("selector"))
        held = sorted({str(p["spec"].get("nodeName")) for p in pods if p["spec"].get("nodeName") in cordoned})
        words = f"{who} never lets a pod go: {desired} of {expected} must stay" + (
            f"; it holds up {', '.join(held)}" if held else ""
        )
        proofs = (Proof(f"disruptionsAllowed 0 with {healthy} of {expected} healthy"),)
        level = Level.BROKEN if held else Level.AT_RISK
        yield Symptom(
            "configuration",
            who,
            who,
            words,
            "add a replica, or lower minAvailable",
            0.7 if held else 0.35,
            0,
            proofs,
            level=level,
        )


RULE = Rule("disruption_budget", look)
