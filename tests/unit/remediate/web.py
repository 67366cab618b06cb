"""A workload called web, what stands around it, and the plans that are made for it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import yaml

from tests_support import ALERT, INCIDENT, NOW
from watchkeeper.domain.diagnosis import Diagnosis, EvidenceItem, Finding, Hypothesis, Sentence
from watchkeeper.domain.evidence import EvidenceFile, Origin, Series, Signal, Window
from watchkeeper.domain.remediation import Plan
from watchkeeper.domain.severity import Severity
from watchkeeper.domain.topology import Topology, Workload
from watchkeeper.remediate.propose import Estate, Proposal, propose
from watchkeeper.testing import CountingIds

WEB = Workload("shop", "Deployment", "web")
LABELS = {"app": "web"}
Thing = dict[str, Any]


def thing(kind: str, name: str = "web", *, namespace: str = "shop", version: str = "v1", **more: Any) -> Thing:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **more.pop("head", {})},
        **more,
    }


def container(**more: Any) -> Thing:
    return {"name": "web", "image": "registry.example/web:2", "ports": [{"containerPort": 8080}], **more}


def deployment(*containers: Thing, volumes: Any = None, revision: int = 2, **spec: Any) -> Thing:
    pod = {"containers": list(containers) or [container()], **({"volumes": volumes} if volumes else {})}
    head = {"annotations": {"deployment.kubernetes.io/revision": str(revision)}}
    inside = {
        "replicas": 2,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": pod},
        **spec,
    }
    return thing("Deployment", version="apps/v1", head=head, spec=inside, status={})


def replica_set(revision: int, *containers: Thing, ready: int = 0) -> Thing:
    head = {
        "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        "ownerReferences": [{"kind": "Deployment", "name": "web"}],
    }
    return thing(
        "ReplicaSet",
        f"web-{revision}",
        head=head,
        spec={"template": {"spec": {"containers": list(containers)}}},
        status={"readyReplicas": ready},
    )


def pod(node: str = "n1", waiting: str = "", labels: Any = None) -> Thing:
    status = {
        "name": "web",
        "image": "registry.example/web:2",
        "state": {"waiting": {"reason": waiting}} if waiting else {},
    }
    return thing(
        "Pod",
        f"web-{node}",
        head={"labels": labels or LABELS},
        spec={"nodeName": node},
        status={"containerStatuses": [status]},
    )


def hpa(**more: Any) -> Thing:
    spec = {
        "scaleTargetRef": {"kind": "Deployment", "name": "web"},
        "minReplicas": 2,
        "maxReplicas": 4,
        **more.get("spec", {}),
    }
    return thing(
        "HorizontalPodAutoscaler", version="autoscaling/v2", spec=spec, status={"currentReplicas": more.get("now", 4)}
    )


def node(name: str, ready: str = "True", **labels: str) -> Thing:
    return {
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def series(metric: str, values: Any) -> Series:
    return Series("web", metric, np.arange(0.0, 5.0 * len(values), 5.0), np.asarray(values, float))


def proposed(
    kind: str,
    *objects: Thing,
    files: Any = None,
    metrics: Any = (),
    background: Any = None,
    settings: Any = None,
    route: str = "",
) -> Proposal:
    item = EvidenceItem("E1", Signal.METRICS, "web", "seen", Origin.CADVISOR)
    cause = Hypothesis("web", kind, "x", 1.0, 0.95, (Finding("a", kind, "web", "x", 0.9, "seen", (item,)),))
    found = EvidenceFile(
        Window.of_unix(0, 50, 100), objects=objects, metrics=tuple(metrics), alerts=(ALERT,), alerting_service="web",
        workloads={"web": WEB, "shop": Workload("shop", "Deployment", "shop")}, topology=Topology.of([("shop", "web")]),
    )  # fmt: skip
    declared = (
        files
        if files is not None
        else {
            "apps/all.yaml": yaml.safe_dump_all(
                [declaration(o) for o in objects if o["kind"] not in _MADE], sort_keys=False
            )
        }
    )
    return propose(
        replace(INCIDENT, severity=Severity.HIGH), Diagnosis((cause,), (Sentence("web is ill.", ("E1",)),)), found,
        Estate("shop/manifests", "main", declared, route=route), now=NOW, time_to_decide=timedelta(minutes=30), ids=CountingIds(),
        background=background, settings=settings,
    )  # fmt: skip


_MADE = ("Pod", "ReplicaSet", "Node", "Job", "Event", "PodDisruptionBudget", "StorageClass")


def declaration(live: Thing) -> Thing:
    head = {k: v for k, v in live["metadata"].items() if k != "annotations"}
    return {k: v for k, v in live.items() if k not in ("status", "metadata")} | {"metadata": head}


def plan_of(action: str, *arguments: Any, **more: Any) -> Plan:
    made = proposed(*arguments, **more)
    found = next((p for p in made.plans if p.action == action), None)
    assert found is not None, made.refused
    return found
