"""Back to the last good revision: what is put back, and what is left to people."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from unit.remediate.web import LABELS, container, declaration, deployment, node, plan_of, proposed, thing
from watchkeeper.remediate.action import Background, Tried

Thing = dict[str, Any]
ONSET = datetime.fromtimestamp(50, UTC)


def replica_set(revision: int, spec: Thing, *, pods: int = 1, ready: int = 0, made: datetime = ONSET) -> Thing:
    head = {
        "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        "ownerReferences": [{"kind": "Deployment", "name": "web"}], "creationTimestamp": made.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    labels = {**LABELS, "pod-template-hash": f"h{revision}"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    status = {"replicas": pods, "readyReplicas": ready}
    return thing("ReplicaSet", f"web-{revision}", head=head, spec={"template": template}, status=status)


def history(before: Thing, now: Thing, **more: Any) -> tuple[Thing, ...]:
    """A Deployment whose pod spec went from one to the other."""
    live = deployment()
    live["spec"]["template"]["spec"] = now
    return live, replica_set(1, before, ready=2, made=ONSET - timedelta(days=9)), replica_set(2, now, **more)


OLD: Thing = {
    "containers": [
        container(env=[{"name": "A", "value": "1"}], resources={"requests": {"memory": "128Mi", "cpu": "1"}})
    ]
}


def changed(**container_fields: Any) -> Thing:
    new = copy.deepcopy(OLD)
    new["containers"][0] |= container_fields
    return new


@pytest.mark.parametrize(
    ("kind", "now", "fields"),
    [
        ("configuration", changed(command=["/nowhere"]), {"containers[name=web].command": None}),
        (
            "configuration",
            changed(env=[{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "b", "key": "b"}}}]),
            {"containers[name=web].env[name=B]": None},
        ),
        ("scheduling", {**OLD, "nodeSelector": {"disk": "nvme"}}, {"nodeSelector": None}),
        (
            "scheduling", changed(resources={"requests": {"memory": "128Gi", "cpu": "1"}}),
            {"containers[name=web].resources.requests.memory": "128Mi"},
        ),
        ("image", changed(image="registry.example/web:3"), {"containers[name=web].image": "registry.example/web:2"}),
    ],
)  # fmt: skip
def test_what_the_newest_revision_changed_is_put_back(kind: str, now: Thing, fields: Thing) -> None:
    plan = plan_of("roll_back", kind, *history(OLD, now))
    assert {f.path.removeprefix("spec.template.spec."): f.after for f in plan.fields} == fields
    assert plan.edits
    assert plan.undo
    assert plan.arguments["revision"] == 1


def test_what_else_a_revision_changed_is_for_people() -> None:
    now = {**changed(command=["/nowhere"]), "serviceAccountName": "admin"}
    assert "serviceAccountName" in proposed("configuration", *history(OLD, now)).refused["roll_back"]
    now = {**changed(image="registry.example/web:3"), "serviceAccountName": "admin"}
    assert [f.path.rsplit(".", 1)[-1] for f in plan_of("roll_back", "release", *history(OLD, now)).fields] == ["image"]


def test_an_old_revision_did_not_begin_it() -> None:
    now = changed(image="registry.example/web:3")
    assert plan_of("roll_back", "errors", *history(OLD, now, made=ONSET - timedelta(hours=5)))
    refused = proposed("errors", *history(OLD, now, made=ONSET - timedelta(hours=7))).refused["roll_back"]
    assert "it is not what began this" in refused


@pytest.mark.parametrize(("pods", "ready"), [(0, 0), (2, 1)])
def test_pods_without_a_place_are_rolled_back_only_where_a_new_revision_never_stood(pods: int, ready: int) -> None:
    """A quota that forbids any new pod, or a cluster that is full, is not the revision's fault."""
    now = {**OLD, "nodeSelector": {"disk": "nvme"}}
    assert (
        "alone find no place" in proposed("scheduling", *history(OLD, now, pods=pods, ready=ready)).refused["roll_back"]
    )


def test_less_cpu_is_no_answer_where_memory_or_labels_are_what_no_machine_has() -> None:
    machine = node("n1")
    machine["status"]["allocatable"] = {"memory": "16Gi", "cpu": "4"}
    now = changed(resources={"requests": {"memory": "128Gi", "cpu": "1"}})
    assert (
        "more memory than any machine"
        in proposed("scheduling", *history(OLD, now), machine).refused["requests_and_limits"]
    )
    now = {**OLD, "nodeSelector": {"disk": "nvme"}}
    assert (
        "no machine carries the labels"
        in proposed("scheduling", *history(OLD, now), machine).refused["requests_and_limits"]
    )


def test_less_cpu_is_no_answer_to_a_quota_that_is_used_up() -> None:
    spent = thing("ResourceQuota", "team", spec={"hard": {"pods": "4"}}, status={"used": {"pods": "4"}})
    live = deployment(container(resources={"requests": {"cpu": "1"}}))
    made = proposed("scheduling", live, spent)
    assert "pods is used up" in made.refused["requests_and_limits"]
    assert [p.action for p in made.plans] == ["raise_quota"]


def test_errors_are_restarted_only_where_that_helped_before() -> None:
    refused = proposed("errors", deployment()).refused["restart"]
    assert "no restart of it is known to have helped" in refused
    for helped in (None, False):
        assert proposed("errors", deployment(), background=Background((Tried("restart", (), ONSET, helped),))).refused[
            "restart"
        ]
    assert plan_of("restart", "errors", deployment(), background=Background((Tried("restart", (), ONSET, True),)))


def test_a_field_that_others_set_is_not_taken_away_by_server_side_apply() -> None:
    live = history(OLD, changed(command=["/nowhere"]))
    files = {"a.yaml": yaml.safe_dump(declaration(live[0]))}
    plan = plan_of("roll_back", "configuration", *live, files=files, route="direct")
    assert plan.suggestion
    assert "rollout undo deployment/web --to-revision=1" in plan.script
