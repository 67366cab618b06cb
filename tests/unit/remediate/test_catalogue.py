"""Every action of the catalogue: the situation it is for, what it sets, and where it keeps its hands off."""

from datetime import timedelta
from typing import Any

import pytest
import yaml

from tests_support import NOW
from unit.remediate.web import (
    LABELS,
    container,
    declaration,
    deployment,
    hpa,
    node,
    plan_of,
    pod,
    proposed,
    replica_set,
    series,
    thing,
)
from watchkeeper.domain.diagnosis import EvidenceItem, Finding, Hypothesis
from watchkeeper.domain.evidence import EvidenceFile, Origin, Signal, Window
from watchkeeper.domain.faults import FAULTS
from watchkeeper.domain.remediation import FieldChange
from watchkeeper.domain.topology import Workload
from watchkeeper.policy.rego import RegoGuard
from watchkeeper.remediate.action import Background, Situation, Tried
from watchkeeper.remediate.cost import cost_of
from watchkeeper.remediate.judge import document
from watchkeeper.remediate.propose import TAKEN_BACK
from watchkeeper.remediate.typed import chosen
from watchkeeper.settings import RemediationSettings
from watchkeeper.shelf import plugins

ACTIONS = plugins("watchkeeper.remediate.actions", "ACTION")
CLAIM = {"persistentVolumeClaim": {"claimName": "data"}, "name": "data"}
POOL = (
    'resource "google_container_node_pool" "main" {\n  name = "main"\n  autoscaling {\n    max_node_count = 1 # budget\n  }\n}\n'
    'resource "google_monitoring_alert_policy" "full" {\n  display_name = "main is full"\n  conditions {\n    threshold = 1\n  }\n}\n'
)
WALL = thing(
    "NetworkPolicy",
    "wall",
    version="networking.k8s.io/v1",
    spec={"podSelector": {"matchLabels": LABELS}, "policyTypes": ["Ingress"], "ingress": []},
)
SHOP = thing(
    "Deployment",
    "shop",
    version="apps/v1",
    spec={
        "selector": {"matchLabels": {"app": "shop"}},
        "template": {"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [{"name": "shop", "image": "x"}]}},
    },
)
NAMED = {"valueFrom": {"configMapKeyRef": {"name": "web-settings", "key": "a"}}, "name": "A"}
LOST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-settings, namespace: shop}\ndata: {a: '1'}\n"

FITS: dict[str, tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]] = {
    "requests_and_limits": (
        ("cpu", deployment(container(resources={"limits": {"cpu": "500m"}}))), {},
        {"spec.template.spec.containers[name=web].resources.limits.cpu": "750m"},
    ),
    "autoscaler_bounds": (("overload", deployment(), hpa()), {}, {"spec.maxReplicas": 6}),
    "fix_probe": (
        ("configuration", deployment(container(readinessProbe={"httpGet": {"port": 8081, "path": "/"}}))), {},
        {"spec.template.spec.containers[name=web].readinessProbe.httpGet.port": 8080},
    ),
    "fix_selector": (
        ("traffic_loss", deployment(), thing("Service", spec={"selector": {"app": "wbe"}, "ports": [{"port": 80, "targetPort": 8080}]})), {},
        {'spec.selector["app"]': "web"},
    ),
    "fix_image": (
        ("image", deployment(container(image="registry.example/wbe:3")), pod(waiting="ImagePullBackOff"), replica_set(1, container(), ready=1)), {},
        {"spec.template.spec.containers[name=web].image": "registry.example/web:2"},
    ),
    "restore_configuration": (
        ("crash", deployment(container(env=[{"name": "MODE", "value": "fsat"}])), replica_set(1, container(env=[{"name": "MODE", "value": "fast"}]))), {},
        {"spec.template.spec.containers[name=web].env[name=MODE].value": "fast"},
    ),
    "expand_volume": (
        ("storage", deployment(volumes=[CLAIM]), thing("PersistentVolumeClaim", "data", spec={"storageClassName": "fast", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}),
         {"kind": "StorageClass", "metadata": {"name": "fast"}, "allowVolumeExpansion": True}), {},
        {"spec.resources.requests.storage": "15Gi"},
    ),
    "raise_quota": (
        ("scheduling", deployment(), thing("ResourceQuota", "team", spec={"hard": {"requests.cpu": "4", "pods": "20"}}, status={"used": {"requests.cpu": "4", "pods": "3"}})), {},
        {'spec.hard["requests.cpu"]': "5"},
    ),
    "renew_certificate": (
        ("certificate", deployment(), thing("Certificate", "tls", version="cert-manager.io/v1", spec={"secretName": "x", "renewBefore": "24h"}, status={"notAfter": "2026-03-02T03:00:00Z"})), {},
        {"spec.renewBefore": "48h"},
    ),
    "queue_size": (
        ("queue_backlog", deployment(container(env=[{"name": "PREFETCH_COUNT", "value": "10"}]))), {},
        {"spec.template.spec.containers[name=web].env[name=PREFETCH_COUNT].value": "20"},
    ),
    "autoscaling_from_forecast": (
        ("overload", deployment(), hpa(now=2)), {"metrics": (series("workload", [100.0] * 20),), "background": Background(expected_load={"web": 180})},
        {"spec.minReplicas": 4},
    ),
    "node_pool": (
        ("scheduling", deployment(), node("n1", **{"cloud.google.com/gke-nodepool": "main"})), {"files": {"infra/pool.tf": POOL}},
        {"resource.google_container_node_pool.main.autoscaling.max_node_count": 2, "resource.google_monitoring_alert_policy.full.conditions.threshold": 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize("action", FITS)
def test_it_sets_its_field_and_nothing_else(action: str) -> None:
    arguments, more, wanted = FITS[action]
    plan = plan_of(action, *arguments, **more)
    assert plan.suggestion == ()
    assert {f.path: f.after for f in plan.fields} == wanted
    [edit] = plan.edits
    assert sum(a != b for a, b in zip(edit.before.splitlines(), edit.after.splitlines(), strict=True)) == len(wanted)
    assert (plan.undo[0].before, plan.undo[0].after) == (edit.after, edit.before)
    said = RegoGuard().evaluate(document(plan, RemediationSettings()))
    assert said.deny == ()
    assert said.ask
    assert said.allow == ()


def test_an_automatic_action_is_one_of_four() -> None:
    assert {n for n, a in ACTIONS.items() if a.automatic} == {"restart", "roll_back", "scale_out", "raise_memory_limit"}
    assert [
        n for n, a in ACTIONS.items() if not (a.never and a.preconditions and a.applies and a.undo and a.name == n)
    ] == []


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_that_does_not_fit_says_why_in_words(action: str) -> None:
    kind = next(k.name for k in FAULTS.values() if action in k.actions)
    bare = thing(
        "Deployment",
        version="apps/v1",
        spec={"replicas": 0, "template": {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}},
    )
    item = EvidenceItem("E1", Signal.METRICS, "web", "seen", Origin.CADVISOR)
    cause = Hypothesis("web", kind, "x", 1.0, 0.9, (Finding("a", kind, "web", "x", 0.9, "", (item,)),))
    job = Workload("shop", "CronJob" if action == "restart" else "Deployment", "web")
    said = ACTIONS[action].draft(
        Situation(cause, EvidenceFile(Window.of_unix(0, 50, 100), objects=(bare,)), job, bare, NOW)
    )
    assert isinstance(said, str)
    assert len(said.split()) > 3


def test_a_missing_config_map_comes_back_from_history_and_from_nowhere_else() -> None:
    history = Background(earlier={"apps/settings.yaml": (LOST,)})
    plan = plan_of("restore_configuration", "crash", deployment(container(env=[NAMED])), background=history)
    [edit] = plan.edits
    assert (edit.path, edit.before, edit.after) == ("apps/settings.yaml", "", LOST)
    assert plan.undo[0].after == TAKEN_BACK
    assert plan.target.kind == "ConfigMap"
    nowhere = proposed("crash", deployment(container(env=[NAMED])))
    assert "no earlier version" in nowhere.refused["restore_configuration"]
    secret = {"valueFrom": {"secretKeyRef": {"name": "web-settings", "key": "a"}}, "name": "A"}
    assert "restore_configuration" in proposed("crash", deployment(container(env=[secret])), background=history).refused


def test_one_caller_is_let_in_by_a_policy_of_its_own() -> None:
    files = {"apps/web.yaml": yaml.safe_dump(declaration(deployment()))}
    plan = plan_of("network_policy_rule", "traffic_loss", deployment(), SHOP, WALL, files=files)
    [edit] = plan.edits
    assert edit.path == "apps/allow-shop-to-web.yaml"
    made = yaml.safe_load(edit.after)
    assert made["spec"]["ingress"] == [
        {"from": [{"podSelector": {"matchLabels": {"app": "shop"}}}], "ports": [{"port": 8080, "protocol": "TCP"}]}
    ]
    open_wall = {
        **WALL,
        "spec": {**WALL["spec"], "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "shop"}}}]}]},
    }
    assert (
        "let in" in proposed("traffic_loss", deployment(), SHOP, open_wall, files=files).refused["network_policy_rule"]
    )


def test_a_node_is_drained_by_a_person_and_only_where_budgets_allow_it() -> None:
    world = (deployment(), pod("n1"), node("n1", "Unknown"), node("n2"))
    plan = plan_of("cordon_and_drain", "node", *world)
    assert plan.edits == ()
    assert plan.suggestion
    assert "kubectl drain n1 --ignore-daemonsets" in plan.script
    assert "--force" not in plan.script
    budget = thing(
        "PodDisruptionBudget", "keep", spec={"selector": {"matchLabels": LABELS}}, status={"disruptionsAllowed": 0}
    )
    assert "keep allow no disruption" in proposed("node", *world, budget).refused["cordon_and_drain"]
    assert "no other node" in proposed("node", *world[:3]).refused["cordon_and_drain"]
    both = (*world[:3], node("n2", "False"), pod("n2"))
    assert "several nodes" in proposed("node", *both, node("n3")).refused["cordon_and_drain"]


def test_a_failed_job_is_run_again_by_a_person() -> None:
    failed = thing(
        "Job",
        "web-1",
        head={"ownerReferences": [{"kind": "CronJob", "name": "web"}]},
        status={"conditions": [{"type": "Failed", "status": "True"}]},
    )
    plan = plan_of("recreate_job", "crash", deployment(), failed)
    assert "create job web-again-030000 --from=cronjob/web" in plan.script
    assert plan.edits == ()


def test_what_failed_twice_on_the_target_is_not_proposed_first() -> None:
    world = (
        deployment(container(resources={"limits": {"memory": "256Mi"}})),
        replica_set(1, container(image="registry.example/web:1")),
    )
    assert [p.action for p in proposed("memory", *world).plans] == ["raise_memory_limit", "roll_back", "restart"]
    failed = tuple(Tried("raise_memory_limit", (), NOW, False) for _ in range(2))
    assert [p.action for p in proposed("memory", *world, background=Background(failed)).plans] == [
        "roll_back",
        "restart",
        "raise_memory_limit",
    ]


SAW = [*range(20, 100, 8), *range(20, 100, 8)]


def test_memory_that_grows_again_after_each_restart_is_mitigated_once_and_then_is_a_ticket() -> None:
    world = (deployment(container(resources={"limits": {"memory": "256Mi"}})),)
    grows = (series("mem-rate", SAW),)
    first = plan_of("raise_memory_limit", "memory", *world, metrics=grows)
    assert first.lasts_until == NOW + timedelta(hours=72)
    for earlier in ("raise_memory_limit", "restart"):
        again = proposed("memory", *world, metrics=grows, background=Background((Tried(earlier, (), NOW, True),)))
        assert [p.action for p in again.plans if p.action in ("raise_memory_limit", "restart")] == []
        assert "wants a ticket" in again.refused["raise_memory_limit"]
    steady = proposed(
        "memory",
        *world,
        metrics=(series("mem-rate", [90.0] * 20),),
        background=Background((Tried("restart", (), NOW, True),)),
    )
    assert "raise_memory_limit" in [p.action for p in steady.plans]


def test_plans_show_what_they_cost() -> None:
    prices = RemediationSettings(price_cpu_hour=0.1, price_gib_hour=0.01, price_node_hour=0.5)
    asked = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    live = deployment(container(resources=asked))
    more = cost_of([FieldChange("spec.replicas", 2, 3)], live, prices)
    assert more is not None
    assert more.monthly == pytest.approx(730 * (0.5 * 0.1 + 0.01), abs=0.01)
    limit = cost_of(
        [FieldChange("spec.template.spec.containers[name=web].resources.limits.memory", "2Gi", "3Gi")], live, prices
    )
    assert limit is not None
    assert limit.monthly == 0
    assert cost_of([FieldChange("x", 1, 2)], live, prices) is None
    plan = plan_of("node_pool", *FITS["node_pool"][0], **FITS["node_pool"][1], settings=prices)
    assert plan.cost is not None
    assert plan.cost.monthly == 365


def test_what_cannot_be_written_safely_is_a_suggestion_and_comes_last() -> None:
    web = deployment(container(resources={"limits": {"memory": "256Mi"}}))
    files = {
        "overlays/production/kustomization.yaml": "resources: [web.yaml]\nhelmCharts: []\n",
        "overlays/production/web.yaml": yaml.safe_dump(declaration(web)),
    }
    made = proposed("memory", web, files=files)
    assert [bool(p.suggestion) for p in made.plans] == [True] * len(made.plans)
    assert "uses helmCharts" in made.plans[0].suggestion[0]


def test_a_model_may_point_at_a_plan_and_do_nothing_else() -> None:
    world = (deployment(container(resources={"limits": {"memory": "256Mi"}})),)
    made = proposed("memory", *world)
    first = [p.action for p in made.plans]
    assert [p.action for p in chosen(made, '{"action": "restart"}').plans] == ["restart", "raise_memory_limit"]
    for said in (
        "", "restart", "[]", '{"action": 1}', '{"action": "delete"}', '{"action": "restart", "target": "shop/Deployment/payment"}',
        '{"action": "restart", "target": ["x"]}', '{"action": ["restart"]}',
    ):  # fmt: skip
        assert [p.action for p in chosen(made, said).plans] == first, said
    swayed = chosen(
        made, '{"action": "restart", "arguments": {"image": "evil"}, "target": "shop/Deployment/web", "confidence": 1}'
    )
    assert {p.digest for p in swayed.plans} == {p.digest for p in made.plans}
