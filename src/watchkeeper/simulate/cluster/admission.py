"""What happens to a pod before it is stored: defaults of limit ranges, and quotas that refuse it."""

from watchkeeper.simulate.cluster.objects import Object, Objects
from watchkeeper.simulate.cluster.quantities import number
from watchkeeper.simulate.cluster.scheduling import requested


def defaulted(objects: Objects, namespace: str, spec: Object) -> None:
    """Limits and requests a container leaves out, from the namespace's LimitRange; a limit is also a request."""
    for range_ in objects.find("LimitRange", namespace):
        for entry in range_["spec"].get("limits", []):
            if entry.get("type") != "Container":
                continue
            for container in spec.get("containers", []):
                resources = container.setdefault("resources", {})
                for resource, amount in entry.get("default", {}).items():
                    resources.setdefault("limits", {}).setdefault(resource, amount)
                asked = {**entry.get("default", {}), **entry.get("defaultRequest", {})}
                for resource, amount in asked.items():
                    resources.setdefault("requests", {}).setdefault(resource, amount)


def over_quota(objects: Objects, pod: Object) -> str:
    """The API's words where a quota has no room for the pod, "" where there is."""
    namespace = pod["metadata"]["namespace"]
    for quota in objects.find("ResourceQuota", namespace):
        hard = quota["spec"].get("hard", {})
        used = usage(objects, namespace)
        for key in sorted(hard):
            wanted = 1.0 if key == "pods" else requested(pod, key.removeprefix("requests."))
            if key in used and used[key] + wanted > number(hard[key]):
                name = pod["metadata"]["name"]
                asks = f"requested: {key}={wanted:g}, used: {key}={used[key]:g}, limited: {key}={hard[key]}"
                return f'pods "{name}" is forbidden: exceeded quota: {quota["metadata"]["name"]}, {asks}'
    return ""


def usage(objects: Objects, namespace: str) -> dict[str, float]:
    """What the living pods of a namespace use of what quotas count."""
    pods = [p for p in objects.find("Pod", namespace) if p["status"].get("phase") not in ("Succeeded", "Failed")]
    return {
        "pods": float(len(pods)), "requests.cpu": sum(requested(p, "cpu") for p in pods),
        "requests.memory": sum(requested(p, "memory") for p in pods),
    }  # fmt: skip


def count(objects: Objects, now: float) -> None:
    """Keep the status of every quota."""
    for quota in objects.find("ResourceQuota"):
        used = usage(objects, quota["metadata"]["namespace"])
        hard = quota["spec"].get("hard", {})
        status = {"hard": hard, "used": {k: f"{used[k]:g}" for k in hard if k in used}}
        if quota.get("status") != status:
            objects.put({**quota, "status": status}, now)
