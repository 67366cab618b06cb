"""From a cause to a plan to a verdict: what may be done, by whom, and how it is undone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_support import ALERT, INCIDENT, NOW
from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Finding, Hypothesis, Sentence
from watchkeeper.domain.errors import PolicyBroken
from watchkeeper.domain.evidence import EvidenceFile, Origin, Series, Signal, Window
from watchkeeper.domain.remediation import (
    Approval,
    AutoApproved,
    Check,
    Decision,
    Denied,
    NeedsApproval,
    Plan,
    RecoveryState,
)
from watchkeeper.domain.severity import Role, Severity
from watchkeeper.domain.topology import Topology, Workload
from watchkeeper.policy.guard import PolicyAnswer
from watchkeeper.policy.rego import RegoGuard
from watchkeeper.remediate.judge import Past, authorise, judge, past_of
from watchkeeper.remediate.live import fields_hold, rollout_complete
from watchkeeper.remediate.propose import Estate, propose
from watchkeeper.remediate.verify import key_of, live_is_ours, verify
from watchkeeper.settings import RemediationSettings
from watchkeeper.testing import CountingIds
from wire import recording

PAYMENT = Workload("shop", "Deployment", "payment")
MANIFEST = """# payment: declared here
apiVersion: apps/v1
kind: Deployment
metadata:
  name: payment
  namespace: shop
spec:
  replicas: 2 # see the sheet
  template:
    metadata:
      labels: {app: payment}
    spec:
      containers:
        - name: payment
          image: "registry/payment:1.5.0"
          env:
            - {name: DB_POOL_SIZE, value: "10"}
          resources:
            limits: {memory: 256Mi}
"""
TEMPLATE = {
    "metadata": {"labels": {"app": "payment"}},
    "spec": {
        "containers": [
            {
                "name": "payment",
                "image": "registry/payment:1.5.0",
                "env": [{"name": "DB_POOL_SIZE", "value": "10"}],
                "resources": {"limits": {"memory": "256Mi"}},
            }
        ]
    },
}


def deployment(**spec: Any) -> dict[str, Any]:
    head = {
        "name": "payment",
        "namespace": "shop",
        "annotations": {"deployment.kubernetes.io/revision": "2"},
        "generation": 1,
    }
    return {"kind": "Deployment", "metadata": head, "spec": {"replicas": 2, "template": TEMPLATE, **spec}, "status": {}}


def replica_set(revision: int, image: str) -> dict[str, Any]:
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "namespace": "shop", "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "ownerReferences": [{"kind": "Deployment", "name": "payment"}],
        },
        "spec": {"template": {"spec": {"containers": [{"name": "payment", "image": image}]}}},
    }  # fmt: skip


def series(metric: str, before: float, during: float, service: str = "payment") -> Series:
    times = np.arange(0.0, 100.0, 5.0)
    return Series(service, metric, times, np.where(times < 50, before, during))


def evidence(*objects: dict[str, Any], metrics: tuple[Series, ...] = ()) -> EvidenceFile:
    return EvidenceFile(
        Window.of_unix(0, 50, 100), objects=objects or (deployment(),), metrics=metrics, alerts=(ALERT,),
        workloads={"payment": PAYMENT}, topology=Topology.of([("checkout", "payment")]), alerting_service="checkout",
    )  # fmt: skip


def diagnosis(kind: str, *origins: Origin, confidence: float = 0.95) -> Diagnosis:
    items = tuple(
        EvidenceItem(f"E{n}", Signal.METRICS, "payment", "seen", origin)
        for n, origin in enumerate(origins or (Origin.CADVISOR,), 1)
    )
    finding = Finding("a", kind, "payment", "x", 0.9, "seen", items)
    cause = Hypothesis("payment", kind, "x", 1.0, confidence, (finding,))
    return Diagnosis((cause,), (Sentence("payment is ill.", ("E1",)),), evidence_digest="d")


def plans(kind: str, found: EvidenceFile, *origins: Origin, **more: Any) -> dict[str, Plan]:
    estate = Estate("shop/manifests", "main", {"apps/payment.yaml": MANIFEST})
    proposal = propose(
        replace(INCIDENT, severity=Severity.HIGH, environment="staging"), diagnosis(kind, *origins, **more), found, estate,
        now=NOW, time_to_decide=timedelta(minutes=30), ids=CountingIds(),
    )  # fmt: skip
    return {p.action: p for p in proposal.plans} | {f"not {k}": v for k, v in proposal.refused.items()}  # type: ignore[dict-item]


def one(action: str = "restart") -> Plan:
    kind = {
        "restart": "stuck",
        "scale_out": "cpu",
        "raise_memory_limit": "memory",
        "raise_pool_size": "pool_exhausted",
    }[action]
    return plans(kind, evidence(), Origin.CADVISOR, Origin.WORKLOAD)[action]


@pytest.mark.parametrize(
    ("action", "kind", "line"),
    [
        ("scale_out", "cpu", "replicas: 3 # see the sheet"),
        ("raise_pool_size", "pool_exhausted", '{name: DB_POOL_SIZE, value: "20"}'),
        ("raise_memory_limit", "memory", "limits: {memory: 384Mi}"),
        ("restart", "stuck", 'kubectl.kubernetes.io/restartedAt: "2026-03-01T03:00:00Z"'),
    ],
)
def test_each_action_changes_its_field_and_nothing_else(action: str, kind: str, line: str) -> None:
    plan = plans(kind, evidence())[action]
    [edit] = plan.edits
    assert line in edit.after
    assert "# payment: declared here" in edit.after
    assert sum(a != b for a, b in zip(edit.before.splitlines(), edit.after.splitlines(), strict=False)) <= 22
    assert (plan.undo[0].before, plan.undo[0].after) == (edit.after, edit.before)
    assert plan.intact
    assert plan.blast_radius.callers == ("checkout",)


def test_a_release_is_rolled_back_to_an_image_the_cluster_has_run_and_to_no_other() -> None:
    known = evidence(deployment(), replica_set(1, "registry/payment:1.4.2"), replica_set(2, "registry/payment:1.5.0"))
    assert 'image: "registry/payment:1.4.2"' in plans("release", known)["roll_back"].edits[0].after
    refused: Any = plans("release", evidence())
    assert refused["not roll_back"] == "no earlier revision is on record"


def test_memory_is_raised_to_what_was_measured_but_never_beyond_double() -> None:
    peak = evidence(metrics=(series("mem", 100, 320),))
    assert plans("memory", peak)["raise_memory_limit"].arguments["memory"] == "416Mi"
    more = evidence(metrics=(series("mem", 100, 900),))
    assert plans("memory", more)["raise_memory_limit"].arguments["memory"] == "512Mi"


def test_actions_that_do_not_fit_say_why() -> None:
    autoscaled = {
        "kind": "HorizontalPodAutoscaler", "metadata": {"namespace": "shop", "name": "hpa"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "payment"}},
    }  # fmt: skip
    said: Any = plans("cpu", evidence(deployment(), autoscaled))
    assert said["not scale_out"] == "the autoscaler hpa owns its replicas"
    said = plans("cpu", evidence(deployment(replicas=0)))
    assert "scaled to zero" in said["not scale_out"]
    said = plans("network", evidence())
    assert "no action of the catalogue" in said["not any"]


def test_what_the_workload_writes_counts_once_however_often_it_is_seen() -> None:
    alone = plans("stuck", evidence(), Origin.WORKLOAD, Origin.WORKLOAD)["restart"]
    assert (alone.independent_signals, alone.trusted_signals) == (1, 0)
    both = plans("stuck", evidence(), Origin.WORKLOAD, Origin.CADVISOR, Origin.KUBE_STATE, Origin.CONTROL_PLANE)[
        "restart"
    ]
    assert (both.independent_signals, both.trusted_signals) == (3, 2)


# --- may we? -------------------------------------------------------------------------------------------------------

OPEN = RemediationSettings(require_human_approval=())


class Allowing:
    def evaluate(self, document: Any) -> PolicyAnswer:
        return PolicyAnswer(allow=("yes",))


class Broken:
    def evaluate(self, document: Any) -> PolicyAnswer:
        raise PolicyBroken("no file")


def test_with_evidence_confidence_and_policy_it_runs_alone() -> None:
    assert isinstance(judge(one(), OPEN, RegoGuard(), NOW, Past()), AutoApproved)


@pytest.mark.parametrize(
    ("plan", "settings"),
    [
        (replace(one(), confidence=0.84), OPEN),
        (replace(one(), independent_signals=1), OPEN),
        (replace(one(), trusted_signals=0), OPEN),
        (one(), RemediationSettings(require_human_approval=({"environment": "staging"},))),
        (
            one(),
            RemediationSettings(
                require_human_approval=({"severity": "info"}, {"action": "restart", "service": "payment"})
            ),
        ),
        (one("raise_pool_size"), OPEN),
    ],
    ids=["confidence", "independent", "trusted", "environment", "either entry", "shared resource"],
)
def test_any_doubt_asks_a_person(plan: Plan, settings: RemediationSettings) -> None:
    assert isinstance(judge(plan, settings, RegoGuard(), NOW, Past()), NeedsApproval)


def test_within_an_entry_all_keys_must_match() -> None:
    settings = RemediationSettings(require_human_approval=({"environment": "staging", "severity": "critical"},))
    assert isinstance(judge(one(), settings, RegoGuard(), NOW, Past()), AutoApproved)


@pytest.mark.parametrize(
    ("settings", "past", "switch"),
    [
        (OPEN, Past(), True),
        (RemediationSettings(kill_switch=True), Past(), False),
        (RemediationSettings(protected_namespaces=("shop",)), Past(), False),
        (
            RemediationSettings(freeze_windows=({"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"},)),
            Past(),
            False,
        ),
        (OPEN, Past(active=("plan-0",)), False),
        (OPEN, Past(carried_out_last_hour=2), False),
        (OPEN, Past(failed_same=True), False),
    ],
    ids=["switch", "setting", "namespace", "freeze", "active", "per hour", "tried before"],
)
def test_what_is_denied_to_everybody(settings: RemediationSettings, past: Past, switch: bool) -> None:
    assert isinstance(judge(one(), settings, RegoGuard(), NOW, past, kill_switch=switch), Denied)


def test_a_broken_policy_investigates_and_does_not_act(tmp_path: Any) -> None:
    assert isinstance(judge(one(), OPEN, Broken(), NOW, Past()), Denied)
    for text in (None, "package watchkeeper.remediation\n broken {", "package elsewhere\n x := 1"):
        folder = tmp_path / str(hash(text))
        folder.mkdir()
        if text:
            (folder / "a.rego").write_text(text)
        with pytest.raises(PolicyBroken):
            RegoGuard(folder).evaluate({})


def test_past_of_a_target() -> None:
    plan = one()
    tried = replace(plan, id="plan-9", created_at=NOW - timedelta(minutes=10))
    assert past_of([(tried, "undone", True)], plan, NOW) == Past(1, (), True)
    assert past_of([(tried, "applying", True)], plan, NOW) == Past(1, ("plan-9",), False)
    assert past_of([(plan, "proposed", False)], plan, NOW) == Past()


@given(
    action=st.sampled_from(["delete", "replace", "destroy", "drop", "exec", "restart", "scale_out"]),
    namespace=st.sampled_from(["shop", "kube-system"]),
    kind=st.sampled_from(["Deployment", "Namespace", "Secret", "PersistentVolumeClaim"]),
    after=st.integers(-1, 200),
    confidence=st.floats(0, 1),
)
def test_no_forbidden_plan_ever_passes(action: str, namespace: str, kind: str, after: int, confidence: float) -> None:
    made = one("scale_out")
    field = replace(made.fields[0], after=after)
    plan = replace(
        made, action=action, target=Workload(namespace, kind, "payment"), fields=(field,), confidence=confidence
    )
    verdict = judge(plan, OPEN, RegoGuard(), NOW, Past())
    fine = action in ("restart", "scale_out") and kind == "Deployment" and namespace == "shop" and 1 <= after <= 50
    if not fine:
        assert isinstance(verdict, Denied)


def approval(plan: Plan, **changes: Any) -> Approval:
    return replace(Approval(plan.id, plan.digest, Decision.APPROVED, "ann", Role.APPROVER, "api", NOW), **changes)


def test_an_approval_is_for_exactly_one_plan_one_role_and_one_time() -> None:
    plan, ask = one(), NeedsApproval(("why",))
    assert authorise(plan, approval(plan), ask, NOW) == ""
    refused = {
        "changed": authorise(replace(plan, because="other"), approval(plan), ask, NOW),
        "nobody": authorise(plan, None, ask, NOW),
        "foreign": authorise(plan, approval(plan, plan_digest="0"), ask, NOW),
        "rejected": authorise(plan, approval(plan, decision=Decision.REJECTED), ask, NOW),
        "role": authorise(plan, approval(plan, role=Role.RESPONDER), ask, NOW),
        "late": authorise(plan, approval(plan, at=plan.expires_at), ask, plan.expires_at),
        "denied": authorise(plan, approval(plan), Denied(("no",)), NOW),
        "stopped": authorise(plan, approval(plan), ask, NOW, kill_switch=True),
        "alone, expired": authorise(plan, None, AutoApproved(()), plan.expires_at),
    }
    assert [k for k, words in refused.items() if not words] == []


@given(
    st.sampled_from(["because", "environment", "action", "incident_id", "manual_commands", "confidence"]),
    st.text(min_size=1),
)
def test_a_plan_changed_after_it_was_sealed_is_refused(field: str, value: str) -> None:
    plan = one()
    changed = replace(plan, **{field: value})
    assert changed.intact is (getattr(plan, field) == value)


# --- did it help? --------------------------------------------------------------------------------------------------

CHECKS = (
    Check("ready", {}, "ready"),
    Check("up", {"service": "p"}, "up"),
    Check("traffic", {"service": "p", "metric": "workload", "before": 10.0}, "traffic"),
    Check("band", {"service": "p", "metric": "error-rate", "limit": 1.0, "during": 20.0}, "errors"),
    Check("burn", {"service": "p", "metric": "error-rate", "limit": 1.44}, "budget"),
    Check("symptom", {"expression": "x > 1", "labels": {}}, "alert"),
)
GOOD: dict[str, float | None] = {
    "ready": 1.0, "up p": 1.0, "traffic p workload": 9.0, "band p error-rate": 0.2, "burn p error-rate": 0.2, "symptom x > 1": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, RecoveryState.RECOVERED),
        ({"up p": 0.0}, RecoveryState.INCONCLUSIVE),
        ({"up p": None}, RecoveryState.INCONCLUSIVE),
        ({"traffic p workload": 4.9}, RecoveryState.INCONCLUSIVE),
        ({"traffic p workload": 0.0}, RecoveryState.INCONCLUSIVE),
        ({"band p error-rate": None}, RecoveryState.INCONCLUSIVE),
        ({"symptom x > 1": None}, RecoveryState.INCONCLUSIVE),
        ({"symptom x > 1": 1.0}, RecoveryState.NOT_YET),
        ({"band p error-rate": 15.0}, RecoveryState.NOT_YET),
        ({"burn p error-rate": 1.5}, RecoveryState.NOT_YET),
        ({"burn p error-rate": None}, RecoveryState.INCONCLUSIVE),
        ({"band p error-rate": 60.0}, RecoveryState.WORSE),
        ({"band p error-rate": 60.0, "up p": None}, RecoveryState.WORSE),
        ({"ready": 0.0}, RecoveryState.INCONCLUSIVE),
    ],
)
def test_only_positive_evidence_is_recovery(changed: dict[str, float | None], state: RecoveryState) -> None:
    assert [key_of(c) for c in CHECKS] == list(GOOD)
    assert verify(CHECKS, {**GOOD, **changed}).state is state


@pytest.mark.parametrize(("before", "limits"), [(0.1, [1.44]), (5.0, [])])
def test_the_error_budget_is_watched_where_it_is_kept_in_normal_times(before: float, limits: list[float]) -> None:
    plan = plans("cpu", evidence(metrics=(series("error-rate", before, 20.0, "checkout"),)))["scale_out"]
    assert [c.arguments["limit"] for c in plan.checks_after if c.kind == "burn"] == limits


def test_without_a_symptom_to_see_gone_nothing_is_proven() -> None:
    assert verify(CHECKS[:3], GOOD).state is RecoveryState.INCONCLUSIVE


def test_a_rollout_is_complete_when_old_pods_are_gone_and_the_generation_was_seen() -> None:
    fresh = recording("kubernetes/deployment_get")["response"]["body"]
    restarted = recording("kubernetes/rollout_restart_patch")["response"]["body"]
    assert rollout_complete(fresh) is (fresh["status"].get("readyReplicas", 0) == fresh["spec"]["replicas"])
    assert restarted["metadata"]["generation"] > restarted["status"]["observedGeneration"]
    assert not rollout_complete(restarted)


def test_an_object_somebody_else_changed_is_not_ours_to_undo() -> None:
    plan = one("scale_out")
    assert live_is_ours(deployment(replicas=3), plan)
    assert not live_is_ours(deployment(replicas=5), plan)
    assert fields_hold(deployment(replicas=2), plan.fields, after=False)


def test_the_plan_expires() -> None:
    assert one().expires_at == NOW + timedelta(minutes=30)


def deployed_by_argo(path: str, repository: str = "shop/manifests") -> tuple[dict[str, Any], dict[str, Any]]:
    """The live object with its mark, and the application that the mark names."""
    live = deployment()
    live["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "shop:apps/Deployment:shop/payment"
    source = {"repoURL": f"https://git.example/{repository}", "path": path, "targetRevision": "main"}
    head = {"namespace": "argocd", "name": "shop"}
    return live, {"kind": "Application", "metadata": head, "spec": {"source": source}}


def test_what_argo_takes_from_another_repository_is_not_repaired_in_ours() -> None:
    assert plans("cpu", evidence(*deployed_by_argo("apps")))["scale_out"].edits
    plan = plans("cpu", evidence(*deployed_by_argo("apps", "team/elsewhere")))["scale_out"]
    assert "repair it there" in plan.suggestion[0]
    assert plan.edits == ()


def test_of_two_folders_that_declare_it_the_one_that_is_deployed_is_edited() -> None:
    live, application = deployed_by_argo("two")
    estate = Estate("shop/manifests", "main", {"one/a.yaml": MANIFEST, "two/a.yaml": MANIFEST})

    def first(*objects: dict[str, Any]) -> Plan:
        return propose(
            INCIDENT, diagnosis("cpu"), evidence(*objects), estate, now=NOW, time_to_decide=timedelta(minutes=30), ids=CountingIds(),
        ).plans[0]  # fmt: skip

    assert "declared twice" in first(live).suggestion[0]
    assert [e.path for e in first(live, application).edits] == ["two/a.yaml"]
