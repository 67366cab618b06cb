"""kube-state-metrics on nodes, jobs and autoscalers."""

from collections.abc import Iterator, Mapping

from watchkeeper.simulate.cluster.objects import Objects
from watchkeeper.simulate.ports import MetricSample


def further(objects: Objects, job: Mapping[str, str]) -> Iterator[MetricSample]:
    """The series of kinds other than pods and their owners."""
    for node in objects.find("Node"):
        labels = {**job, "node": node["metadata"]["name"]}
        for condition in node["status"]["conditions"]:
            for status in ("true", "false", "unknown"):
                told = {**labels, "condition": condition["type"], "status": status}
                yield MetricSample("kube_node_status_condition", told, float(condition["status"].lower() == status))
        yield MetricSample("kube_node_spec_unschedulable", labels, float(bool(node["spec"].get("unschedulable"))))
    for thing in objects.find("Job"):
        labels = {**job, "namespace": thing["metadata"]["namespace"], "job_name": thing["metadata"]["name"]}
        failed = any(c["type"] == "Failed" for c in thing.get("status", {}).get("conditions", []))
        yield MetricSample("kube_job_failed", {**labels, "condition": "true"}, float(failed))
    for scaler in objects.find("HorizontalPodAutoscaler"):
        labels = {
            **job,
            "namespace": scaler["metadata"]["namespace"],
            "horizontalpodautoscaler": scaler["metadata"]["name"],
        }
        yield MetricSample(
            "kube_horizontalpodautoscaler_spec_max_replicas", labels, float(scaler["spec"]["maxReplicas"])
        )
        current = scaler.get("status", {}).get("currentReplicas", 0)
        yield MetricSample("kube_horizontalpodautoscaler_status_current_replicas", labels, float(current))
