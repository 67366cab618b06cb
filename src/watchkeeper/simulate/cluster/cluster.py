"""The simulated cluster: objects, and controllers that bring what is into line with what is wanted."""

import copy
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from watchkeeper.simulate.cluster import admission, autoscaling, claims, jobs
from watchkeeper.simulate.cluster.further_samples import further
from watchkeeper.simulate.cluster.objects import Object, Objects, iso
from watchkeeper.simulate.cluster.pods import PodController
from watchkeeper.simulate.cluster.quantities import number
from watchkeeper.simulate.ports import MetricSample, Runtime

REVISION = "deployment.kubernetes.io/revision"


class SimulatedCluster:
    """Implements ports.Cluster. One reconcile round a tick; cost linear in objects."""

    def __init__(self, runtime: Runtime, *, nodes: int = 3, startup: float = 3.0, now: float = 0.0) -> None:
        self.objects = Objects()
        self.pods = PodController(self.objects, runtime, startup)
        self.runtime = runtime
        for name in ("default", "kube-system"):
            self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, manager="setup", now=now)
        for count in range(1, nodes + 1):
            self.objects.put(_node(f"node-{count}", now), now)
        standard = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "standard"}}
        self.apply(
            {**standard, "provisioner": "simulated", "volumeBindingMode": "Immediate", "allowVolumeExpansion": True},
            manager="setup",
            now=now,
        )
        self.silent_nodes: set[str] = set()
        """machines whose kubelet says nothing any more"""

    def apply(self, manifest: Mapping[str, Any], *, manager: str, now: float) -> Object:
        """Create or update. What the manifest leaves out of an existing object stays."""
        kind = manifest["kind"]
        thing = copy.deepcopy(dict(manifest))
        if kind == "Namespace":
            thing.setdefault("status", {"phase": "Active"})
        known = self.objects.get(kind, thing["metadata"].get("namespace", ""), thing["metadata"]["name"])
        if known is not None:
            thing.setdefault("status", known.get("status", {}))
            notes = {**(known["metadata"].get("annotations") or {}), **(thing["metadata"].get("annotations") or {})}
            if notes:
                thing["metadata"]["annotations"] = notes
        if kind == "Deployment":
            _deployment_defaults(thing)
        if kind == "Pod" and known is None:
            admission.defaulted(self.objects, thing["metadata"].get("namespace", "default"), thing["spec"])
        return self.objects.put(thing, now)

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object."""
        return self.objects.get(kind, namespace, name)

    def find(self, kind: str, namespace: str = "", labels: Mapping[str, str] | None = None) -> list[Object]:
        """All of a kind."""
        return self.objects.find(kind, namespace, labels)

    def delete(self, kind: str, namespace: str, name: str, *, now: float) -> None:
        """Remove it and what it owns."""
        gone = self.objects.get(kind, namespace, name)
        if gone is None:
            return
        if kind == "Pod":
            self.pods.remove(gone, now)
            return
        self.objects.remove(kind, namespace, name)
        for child in ("ReplicaSet", "Job", "Pod"):
            for thing in self.objects.find(child, namespace):
                if any(o["uid"] == gone["metadata"]["uid"] for o in thing["metadata"].get("ownerReferences", [])):
                    self.delete(child, namespace, thing["metadata"]["name"], now=now)

    def reconcile(self, now: float) -> None:
        """One round of every controller."""
        for deployment in self.objects.find("Deployment"):
            self._deployment(deployment, now)
        for replica_set in self.objects.find("ReplicaSet"):
            self._replica_set(replica_set, now)
        jobs.reconcile(self.objects, self.pods, now)
        claims.reconcile(self.objects, self.pods, now)
        self._nodes(now)
        self.pods.reconcile(now)
        autoscaling.reconcile(self.objects, self.runtime, now)
        admission.count(self.objects, now)
        for service in self.objects.find("Service"):
            self._endpoints(service, now)

    def _nodes(self, now: float) -> None:
        """The control plane's word on machines that fell silent, or speak again."""
        for node in self.objects.find("Node"):
            silent = node["metadata"]["name"] in self.silent_nodes
            [ready] = [c for c in node["status"]["conditions"] if c["type"] == "Ready"]
            if silent is (ready["status"] == "Unknown"):
                continue
            after = copy.deepcopy(node)
            said = (
                ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
                if silent
                else ("True", "KubeletReady", "kubelet is posting ready status")
            )
            changed = dict(zip(("status", "reason", "message"), said, strict=True))
            after["status"]["conditions"] = [{**ready, **changed, "lastTransitionTime": iso(now)}]
            taint = {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}
            after["spec"]["taints"] = [taint] if silent else []
            self.objects.put(after, now)
            if silent:
                self.pods.event(
                    after,
                    "Normal",
                    "NodeNotReady",
                    f"Node {node['metadata']['name']} status is now: NodeNotReady",
                    "node-controller",
                    now,
                )

    # --- Deployments -------------------------------------------------------------------------------------------

    def _deployment(self, deployment: Object, now: float) -> None:
        namespace, _name = deployment["metadata"]["namespace"], deployment["metadata"]["name"]
        owned = [r for r in self.objects.find("ReplicaSet", namespace) if _owned_by(r, deployment)]
        digest = _template_hash(deployment["spec"]["template"])
        current = next((r for r in owned if r["metadata"]["labels"]["pod-template-hash"] == digest), None)
        newest = max((_revision(r) for r in owned), default=0)
        if current is None:
            current = self._new_replica_set(deployment, digest, newest + 1, now)
            owned.append(current)
        elif _revision(current) < newest:
            current = self._annotate(current, str(newest + 1), now)
        if (deployment["metadata"].get("annotations") or {}).get(REVISION) != current["metadata"]["annotations"][
            REVISION
        ]:
            deployment = self._annotate(deployment, current["metadata"]["annotations"][REVISION], now)
        self._roll(deployment, current, [r for r in owned if r["metadata"]["name"] != current["metadata"]["name"]], now)
        self._deployment_status(deployment, current["metadata"]["name"], now)

    def _new_replica_set(self, deployment: Object, digest: str, revision: int, now: float) -> Object:
        head = deployment["metadata"]
        template = copy.deepcopy(deployment["spec"]["template"])
        template.setdefault("metadata", {}).setdefault("labels", {})["pod-template-hash"] = digest
        return self.objects.put(
            {
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{head['name']}-{digest}", "namespace": head["namespace"], "labels": dict(template["metadata"]["labels"]),
                    "annotations": {REVISION: str(revision)},
                    "ownerReferences": [_owner("Deployment", "apps/v1", head)],
                },
                "spec": {"replicas": 0, "selector": {"matchLabels": dict(template["metadata"]["labels"])}, "template": template},
                "status": {"replicas": 0},
            },
            now,
        )  # fmt: skip

    def _annotate(self, thing: Object, revision: str, now: float) -> Object:
        after = copy.deepcopy(thing)
        after["metadata"].setdefault("annotations", {})[REVISION] = revision
        return self.objects.put(after, now)

    def _roll(self, deployment: Object, current: Object, others: list[Object], now: float) -> None:
        wanted = int(deployment["spec"].get("replicas", 1))
        surge, unavailable = max(1, math.ceil(wanted * 0.25)), math.floor(wanted * 0.25)
        old = sum(int(r["spec"]["replicas"]) for r in others)
        room = wanted + surge - old
        self._scale(current, min(wanted, max(room, int(current["spec"]["replicas"]) if old else 0)), now, deployment)
        ready = sum(int(r["status"].get("readyReplicas", 0)) for r in [current, *others])
        spare = ready - (wanted - unavailable)
        for replica_set in others:
            have = int(replica_set["spec"]["replicas"])
            broken = have - int(replica_set["status"].get("readyReplicas", 0))
            drop = min(have, broken + max(spare, 0))
            if have and drop:
                self._scale(replica_set, have - drop, now, deployment)
                spare -= max(drop - broken, 0)

    def _scale(self, replica_set: Object, replicas: int, now: float, deployment: Object) -> None:
        before = int(replica_set["spec"]["replicas"])
        if before == replicas:
            return
        after = copy.deepcopy(
            self.objects.get("ReplicaSet", replica_set["metadata"]["namespace"], replica_set["metadata"]["name"])
            or replica_set
        )
        after["spec"]["replicas"] = replicas
        self.objects.put(after, now)
        verb = "up" if replicas > before else "down"
        words = f"Scaled {verb} replica set {replica_set['metadata']['name']} from {before} to {replicas}"
        self.pods.event(deployment, "Normal", "ScalingReplicaSet", words, "deployment-controller", now)

    def _deployment_status(self, deployment: Object, current: str, now: float) -> None:
        namespace = deployment["metadata"]["namespace"]
        owned = [r for r in self.objects.find("ReplicaSet", namespace) if _owned_by(r, deployment)]
        wanted = int(deployment["spec"].get("replicas", 1))
        total = sum(int(r["status"].get("replicas", 0)) for r in owned)
        ready = sum(int(r["status"].get("readyReplicas", 0)) for r in owned)
        updated = next((int(r["status"].get("replicas", 0)) for r in owned if r["metadata"]["name"] == current), 0)
        status: Object = {"observedGeneration": deployment["metadata"].get("generation", 1)}
        counts = {"replicas": total, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": ready}
        counts["unavailableReplicas"] = max(wanted - ready, 0)
        status.update({k: v for k, v in counts.items() if v})
        available = ready >= wanted - math.floor(wanted * 0.25)
        done = updated == wanted == ready == total
        status["conditions"] = [
            _condition(
                deployment,
                "Available",
                available,
                "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable",
                now,
            ),
            _condition(deployment, "Progressing", True, "NewReplicaSetAvailable" if done else "ReplicaSetUpdated", now),
        ]
        status["conditions"] += [c for r in owned for c in r["status"].get("conditions", [])]
        self._set_status(deployment, status, now)

    def _set_status(self, thing: Object, status: Object, now: float) -> None:
        if thing.get("status") != status:
            after = copy.deepcopy(thing)
            after["status"] = status
            self.objects.put(after, now)

    # --- ReplicaSets and Services ------------------------------------------------------------------------------

    def _replica_set(self, replica_set: Object, now: float) -> None:
        namespace = replica_set["metadata"]["namespace"]
        pods = self._pods_of(replica_set)
        wanted = int(replica_set["spec"]["replicas"])
        for _ in range(wanted - len(pods)):
            if self.pods.create(replica_set, now) is None:
                break
        if len(pods) > wanted:
            pods.sort(key=lambda p: (_ready(p), p["metadata"]["creationTimestamp"]))
            for pod in pods[: len(pods) - wanted]:
                self.pods.remove(pod, now)
        pods = self._pods_of(replica_set)
        status: Object = {"replicas": len(pods), "observedGeneration": replica_set["metadata"].get("generation", 1)}
        ready = sum(_ready(p) for p in pods)
        if ready:
            status["readyReplicas"] = status["availableReplicas"] = ready
        refusal = self.pods.refusals.get(replica_set["metadata"]["uid"]) if len(pods) < wanted else None
        if refusal:
            failure = _condition(replica_set, "ReplicaFailure", True, "FailedCreate", now)
            status["conditions"] = [{**failure, "message": refusal}]
        self._set_status(
            self.objects.get("ReplicaSet", namespace, replica_set["metadata"]["name"]) or replica_set, status, now
        )

    def _pods_of(self, replica_set: Object) -> list[Object]:
        space = replica_set["metadata"]["namespace"]
        return [
            p
            for p in self.objects.find("Pod", space)
            if _owned_by(p, replica_set) and p["status"].get("phase") != "Failed"
        ]

    def _endpoints(self, service: Object, now: float) -> None:
        head, selector = service["metadata"], service["spec"].get("selector")
        if not selector:
            return
        pods = [p for p in self.objects.find("Pod", head["namespace"], selector) if p["status"].get("podIP")]
        ports = [
            {"name": p.get("name", ""), "port": p.get("targetPort", p["port"])}
            for p in service["spec"].get("ports", [])
        ]
        addresses = [
            (_ready(p), {"ip": p["status"]["podIP"], "targetRef": {"kind": "Pod", "name": p["metadata"]["name"]}})
            for p in pods
        ]
        subset: Object = {"ports": ports}
        for key, wanted in (("addresses", True), ("notReadyAddresses", False)):
            found = [a for ready, a in addresses if ready is wanted]
            if found:
                subset[key] = found
        self.objects.put(
            {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": head["name"], "namespace": head["namespace"]},
             "subsets": [subset] if addresses else []},
            now,
        )  # fmt: skip

    # --- kube-state-metrics ------------------------------------------------------------------------------------

    def samples(self, now: float) -> Iterable[MetricSample]:
        """The kube_* series, as kube-state-metrics tells them."""
        job = {"job": "kube-state-metrics", "instance": "kube-state-metrics:8080"}
        yield MetricSample("up", job, 1.0)
        for d in self.objects.find("Deployment"):
            labels = {**job, "namespace": d["metadata"]["namespace"], "deployment": d["metadata"]["name"]}
            updated = float(d["status"].get("updatedReplicas", 0))
            yield MetricSample("kube_deployment_status_replicas_updated", labels, updated)
            yield MetricSample("kube_deployment_spec_replicas", labels, float(d["spec"].get("replicas", 1)))
            yield MetricSample(
                "kube_deployment_status_replicas_available", labels, float(d["status"].get("availableReplicas", 0))
            )
        for r in self.objects.find("ReplicaSet"):
            for o in r["metadata"].get("ownerReferences", []):
                labels = {**job, "namespace": r["metadata"]["namespace"], "replicaset": r["metadata"]["name"]}
                yield MetricSample(
                    "kube_replicaset_owner", {**labels, "owner_kind": o["kind"], "owner_name": o["name"]}, 1.0
                )
        for p in self.objects.find("Pod"):
            yield from self._pod_samples(p, job)
        yield from further(self.objects, job)

    def _pod_samples(self, pod: Object, job: Mapping[str, str]) -> Iterable[MetricSample]:
        head, spec, status = pod["metadata"], pod["spec"], pod["status"]
        labels = {**job, "namespace": head["namespace"], "pod": head["name"]}
        node = {"node": spec["nodeName"]} if spec.get("nodeName") else {}
        yield MetricSample("kube_pod_info", {**labels, **node, "uid": head["uid"]}, 1.0)
        for o in head.get("ownerReferences", []):
            yield MetricSample("kube_pod_owner", {**labels, "owner_kind": o["kind"], "owner_name": o["name"]}, 1.0)
        yield MetricSample("kube_pod_status_phase", {**labels, "phase": status["phase"]}, 1.0)
        yield MetricSample("kube_pod_status_ready", {**labels, "condition": "true"}, float(_ready(pod)))
        for c in spec["containers"]:
            for resource, limit in (c.get("resources", {}).get("limits") or {}).items():
                unit = "core" if resource == "cpu" else "byte"
                told = {**labels, "container": c["name"], "resource": resource, "unit": unit}
                yield MetricSample("kube_pod_container_resource_limits", told, number(limit))
        for c in status.get("containerStatuses", []):
            mine = {**labels, "container": c["name"]}
            yield MetricSample("kube_pod_container_status_restarts_total", mine, float(c["restartCount"]))
            waiting = c.get("state", {}).get("waiting")
            if waiting:
                yield MetricSample(
                    "kube_pod_container_status_waiting_reason", {**mine, "reason": waiting["reason"]}, 1.0
                )
            ended = c.get("lastState", {}).get("terminated")
            if ended:
                yield MetricSample(
                    "kube_pod_container_status_last_terminated_reason", {**mine, "reason": ended["reason"]}, 1.0
                )


def _owner(kind: str, api_version: str, head: Mapping[str, Any]) -> Object:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": head["name"],
        "uid": head["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _owned_by(thing: Object, owner: Object) -> bool:
    return any(o["uid"] == owner["metadata"]["uid"] for o in thing["metadata"].get("ownerReferences", []))


def _revision(thing: Object) -> int:
    return int((thing["metadata"].get("annotations") or {}).get(REVISION, 0))


def _ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def _template_hash(template: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def _condition(thing: Object, kind: str, holds: bool, reason: str, now: float) -> Object:
    status = "True" if holds else "False"
    known = next((c for c in thing.get("status", {}).get("conditions", []) if c["type"] == kind), None)
    since = known["lastTransitionTime"] if known and known["status"] == status else iso(now)
    updated = known["lastUpdateTime"] if known and (known["status"], known["reason"]) == (status, reason) else iso(now)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": reason,
        "lastTransitionTime": since,
        "lastUpdateTime": updated,
    }


def _deployment_defaults(thing: Object) -> None:
    spec = thing["spec"]
    spec.setdefault("replicas", 1)
    spec.setdefault(
        "strategy", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    )
    spec.setdefault("revisionHistoryLimit", 10)
    thing["metadata"].setdefault("namespace", "default")
    thing.setdefault("status", {})


def _node(name: str, now: float) -> Object:
    size = {"cpu": "8", "memory": "32Gi", "pods": "110"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
             "lastHeartbeatTime": iso(now), "lastTransitionTime": iso(now)}  # fmt: skip
    return {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}, "spec": {},
        "status": {"capacity": size, "allocatable": size, "conditions": [ready], "addresses": [{"type": "Hostname", "address": name}],
                   "nodeInfo": {"kubeletVersion": "v1.32.0", "osImage": "simulated", "kernelVersion": "", "containerRuntimeVersion": "simulated://1",
                                "architecture": "amd64", "operatingSystem": "linux", "machineID": "", "systemUUID": "", "bootID": "", "kubeProxyVersion": ""}},
    }  # fmt: skip
