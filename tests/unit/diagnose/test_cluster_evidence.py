"""What the objects of a cluster change in a diagnosis: full volumes, events that the kubelet contradicts, machines, DNS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from watchkeeper.diagnose.analyzers import events, volume_space
from watchkeeper.diagnose.case import Case
from watchkeeper.diagnose.diagnose import diagnose
from watchkeeper.domain.evidence import EvidenceFile, Origin, Series, Window
from watchkeeper.domain.topology import Topology

ONSET = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
WINDOW = Window(ONSET - timedelta(minutes=30), ONSET, ONSET + timedelta(minutes=5))


def series(service: str, metric: str, before: float, during: float, origin: Origin = Origin.WORKLOAD) -> Series:
    times = np.arange(WINDOW.start.timestamp(), WINDOW.end.timestamp(), 15.0)
    rng = np.random.default_rng(1)
    values = np.where(times < ONSET.timestamp(), before, during) + rng.normal(0, 0.01 * max(before, 0.1), len(times))
    return Series(service, metric, times, values, origin)


def pod(
    name: str,
    service: str,
    *,
    ready: bool = True,
    node: str = "node-1",
    began: str = "2026-02-20T00:00:00Z",
    **spec: Any,
) -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "name": f"{service}-abcdef1234", "uid": service, "controller": True}
    state = {"name": service, "ready": ready, "restartCount": 37, "state": {"running": {"startedAt": began}}}
    conditions = [
        {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": "2026-03-01T03:00:10Z"}
    ]
    return {
        "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "ownerReferences": [owner], "labels": {"app": service}},
        "spec": {"nodeName": node, **spec}, "status": {"phase": "Running", "containerStatuses": [state], "conditions": conditions},
    }  # fmt: skip


def event(reason: str, about: str) -> dict[str, Any]:
    return {"kind": "Event", "type": "Warning", "reason": reason, "message": "x", "lastTimestamp": "2026-03-01T03:01:00Z",
            "metadata": {"name": "e", "namespace": "shop"}, "involvedObject": {"kind": "Pod", "namespace": "shop", "name": about}}  # fmt: skip


def test_a_full_volume_is_its_workloads_trouble() -> None:
    mounted = pod("db-0", "db", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "db-data"}}])
    full = EvidenceFile(WINDOW, metrics=(series("db-data", "disk-rate", 40, 100, Origin.CADVISOR),), objects=(mounted,))
    [found] = volume_space.examine(Case(full))
    assert (found.service, found.kind) == ("db", "storage")
    assert volume_space.examine(Case(EvidenceFile(WINDOW, metrics=(series("db-data", "disk-rate", 95, 95),)))) == [], (
        "as ever"
    )


def test_an_event_about_a_pod_that_its_kubelet_calls_well_says_nothing() -> None:
    well = EvidenceFile(WINDOW, objects=(pod("pay-1", "pay"), event("OOMKilling", "pay-1")))
    assert events.examine(Case(well)) == []
    lately = pod("pay-1", "pay", began="2026-03-01T03:00:30Z")
    assert [
        f.kind for f in events.examine(Case(EvidenceFile(WINDOW, objects=(lately, event("OOMKilling", "pay-1")))))
    ] == ["memory"]


def test_a_silent_machine_comes_before_what_runs_on_it_and_before_its_callers() -> None:
    node = {
        "kind": "Node",
        "metadata": {"name": "node-2"},
        "status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]},
    }
    evidence = EvidenceFile(
        WINDOW, objects=(node, pod("pay-1", "pay", node="node-2", ready=False)),
        metrics=(series("pay", "error-rate", 0, 60), series("shop", "error-rate", 0, 60), series("shop", "workload", 10, 10), series("pay", "workload", 10, 10)),
        topology=Topology.of([("shop", "pay")]), alerting_service="shop",
    )  # fmt: skip
    said = diagnose(evidence)
    assert said.cause is not None
    assert (said.cause.service, said.cause.kind) == ("node-2", "node")


def test_dns_that_is_down_comes_before_everybody_who_cannot_find_anybody() -> None:
    labels = {"k8s-app": "kube-dns"}
    servers = [
        {
            **pod(f"coredns-{n}", "coredns", ready=False),
            "metadata": {
                "name": f"coredns-{n}",
                "namespace": "kube-system",
                "labels": labels,
                "creationTimestamp": "2026-02-20T00:00:00Z",
            },
        }
        for n in (1, 2)
    ]
    deployment = {
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": "kube-system", "labels": labels},
        "spec": {"replicas": 2},
    }
    evidence = EvidenceFile(
        WINDOW, objects=(*servers, deployment), metrics=(series("shop", "error-rate", 0, 100), series("shop", "workload", 10, 10)),
        topology=Topology.of([("shop", "pay")]), alerting_service="shop",
    )  # fmt: skip
    said = diagnose(evidence)
    assert said.cause is not None
    assert (said.cause.service, said.cause.kind) == ("coredns", "network")
