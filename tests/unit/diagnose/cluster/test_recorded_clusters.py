"""The rules against recordings of a real API server, its scheduler and its controllers."""

from datetime import UTC, datetime
from typing import Any

from watchkeeper.diagnose.cluster.findings import ClusterFinding, check
from watchkeeper.diagnose.cluster.rule import Level
from watchkeeper.diagnose.cluster.snapshot import Snapshot, is_ready, ref, seen_at
from wire import recording

NOW = datetime(2026, 11, 23, 21, 26, tzinfo=UTC)
COMMON = (
    "services_list", "statefulsets_list", "daemonsets_list", "configmaps_list", "secrets_list", "serviceaccounts_list",
    "cronjobs_list", "limitranges_list",
)  # fmt: skip
FAULTY = (
    *COMMON, "pods_list_after_faults", "deployments_after_faults", "replicasets_after_faults", "events_after_faults",
    "hpa_after_faults", "pdb_after_faults", "pvc_pending", "job_failed", "node_get_not_ready_unknown", "resourcequotas_list",
    "pod_get_terminating_finalizer",
)  # fmt: skip


def objects(*names: str) -> list[dict[str, Any]]:
    out = []
    for name in names:
        body = recording(f"kubernetes/{name}")["response"]["body"]
        # List items lack their kind.
        out += [{**i, "kind": body["kind"].removesuffix("List")} for i in body["items"]] if "items" in body else [body]
    return out


def faulty(now: datetime = NOW) -> list[ClusterFinding]:
    found = objects(*FAULTY)
    return check(Snapshot(found, now, readable=frozenset(o["kind"] for o in found) | {"StorageClass"}))


def about(findings: list[ClusterFinding], name: str) -> list[ClusterFinding]:
    return [f for f in findings if name in (f.cause.name, f.workload.name)]


def test_each_fault_is_one_root_finding_with_what_follows_from_it() -> None:
    found = [f for f in faulty() if f.level is Level.BROKEN]
    roots = {(f.rule, f.kind, str(f.cause)) for f in found}
    assert roots == {
        ("out_of_memory", "memory", "Deployment shop/payment"),
        ("image", "image", "Deployment shop/inventory"),
        ("refused_creation", "scheduling", "ResourceQuota shop/shop-quota"),
        ("claim", "storage", "StorageClass fast"),
        ("crash_loop", "crash", "Deployment shop/frontend"),
        ("node", "node", "Node node-3"),
        ("job", "crash", "Job shop/migrate"),
        ("unschedulable", "scheduling", "Deployment shop/bigmem"),
    }
    [quota] = about(found, "shop-quota")
    assert quota.consequences == ("Deployment shop/overquota lacks pods: 0 of 1 ready",)
    assert quota.workload.name == "overquota"


def test_36_an_over_quota_deployment_has_no_pods_and_an_hpa_without_metrics_an_empty_type() -> None:
    found = objects("deployment_over_quota", "replicasets_after_faults", "events_over_quota", "resourcequotas_list")
    assert not [o for o in found if o["kind"] == "Pod"]
    [root] = [f for f in check(Snapshot(found, NOW)) if f.level is Level.BROKEN]
    assert (root.cause.kind, root.workload.name) == ("ResourceQuota", "overquota")
    [scaler] = [f for f in check(Snapshot(objects("hpa_after_faults"), NOW)) if f.rule == "autoscaler"]
    assert "FailedGetResourceMetric" in scaler.words


def test_33_evicted_stands_in_the_reason_of_the_status_while_conditions_say_ready() -> None:
    [pod] = objects("pod_get_evicted")
    assert not is_ready(pod)
    [evicted] = about(faulty(), "node-1")
    assert evicted.level is Level.AT_RISK
    assert any("Evicted" in p.text and p.trusted for p in evicted.proofs)


def test_33_a_deletion_stamp_in_the_future_is_no_hanging_one() -> None:
    [pod] = objects("pod_get_terminating_finalizer")
    stamp = datetime.fromisoformat(pod["metadata"]["deletionTimestamp"])
    assert check(Snapshot([pod], stamp)) == []
    [hanging] = check(Snapshot([pod], stamp.replace(minute=stamp.minute + 10)))
    assert "hangs in deletion: its finalizers" in hanging.words


def test_33_an_unscheduled_pod_without_container_statuses_is_reckoned_with_the_nodes() -> None:
    [pod] = objects("pod_get_pending_unschedulable")
    assert "containerStatuses" not in pod["status"]
    [found] = check(Snapshot([pod, *objects("nodes_list")], NOW))
    assert "more memory than the largest node has (500Gi of 32Gi)" in found.words
    assert about(check(Snapshot([pod], NOW)), "bigmem")[0].words.endswith(
        "why cannot be told without reading the nodes"
    )


def test_34_absent_counters_are_zero() -> None:
    [deployment] = objects("deployment_over_quota")
    assert "readyReplicas" not in deployment["status"]
    [found] = check(Snapshot([deployment], NOW))
    assert "0 of 1 ready" in found.words


def test_35_both_styles_of_events_have_a_time_and_lie_in_order() -> None:
    events = objects("events_after_faults")
    assert all(seen_at(e) is not None for e in events)
    snapshot = Snapshot([*events, *objects("pods_list_after_faults")], NOW)
    for pod in snapshot.of("Pod"):
        times = [seen_at(e) for e in snapshot.events(ref(pod))]
        assert times == sorted(times)  # type: ignore[type-var]
    newer = Snapshot(objects("events_v1_after_faults"), NOW)
    assert newer.events(ref({"kind": "PersistentVolumeClaim", "metadata": {"namespace": "shop", "name": "data"}}))


def test_what_was_changed_before_is_told() -> None:
    [image] = about(faulty(), "inventory")
    assert image.edit is not None
    assert (
        image.edit.words
        == "revision 2: image registry.example.com/shop/inventory:0.8.7 to registry.example.com/shop/inventory:badtag"
    )
    assert about(faulty(datetime(2026, 11, 24, tzinfo=UTC)), "bigmem")[0].edit is not None


def test_an_old_kill_is_history() -> None:
    tomorrow = faulty(datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert [f for f in tomorrow if f.kind == "memory"] == []


def test_the_recorded_cluster_before_the_faults_has_only_what_is_wrong_in_it() -> None:
    found = objects(
        *COMMON,
        "pods_list",
        "deployments_list",
        "replicasets_list",
        "events_core_list",
        "hpa_v2_list",
        "pdb_list",
        "nodes_list",
        "jobs_list",
    )
    told = check(
        Snapshot(found, datetime(2026, 11, 23, 21, 21, tzinfo=UTC), readable=frozenset(o["kind"] for o in found))
    )
    assert [(f.rule, f.cause.name) for f in told if f.level is Level.BROKEN] == [("out_of_memory", "payment")]
