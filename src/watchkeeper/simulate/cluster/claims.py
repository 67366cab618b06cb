"""Claims get volumes of their class; a larger request grows the volume."""

import copy

from watchkeeper.simulate.cluster.objects import Object, Objects
from watchkeeper.simulate.cluster.pods import PodController


def reconcile(objects: Objects, pods: PodController, now: float) -> None:
    """One round over all claims."""
    for claim in objects.find("PersistentVolumeClaim"):
        name = str(claim["spec"].get("storageClassName", "standard"))
        wanted = claim["spec"]["resources"]["requests"]["storage"]
        if objects.get("StorageClass", "", name) is None:
            _refuse(objects, pods, claim, name, now)
        elif claim.get("status", {}).get("capacity", {}).get("storage") != wanted:
            after = copy.deepcopy(claim)
            after["spec"]["volumeName"] = f"pv-{claim['metadata']['uid'][:8]}"
            after["status"] = {
                "phase": "Bound",
                "accessModes": claim["spec"].get("accessModes", []),
                "capacity": {"storage": wanted},
            }
            objects.put(after, now)


def _refuse(objects: Objects, pods: PodController, claim: Object, name: str, now: float) -> None:
    if claim.get("status", {}).get("phase") == "Pending":
        return
    pending = copy.deepcopy(claim)
    pending["status"] = {"phase": "Pending"}
    stored = objects.put(pending, now)
    words = f'storageclass.storage.k8s.io "{name}" not found'
    pods.event(stored, "Warning", "ProvisioningFailed", words, "persistentvolume-controller", now)
