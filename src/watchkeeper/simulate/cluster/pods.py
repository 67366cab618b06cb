"""Pods: scheduling, containers that start, get ready, end and are started again, and the events that tell of it."""

import copy
import hashlib

from watchkeeper.simulate.cluster import admission, startable
from watchkeeper.simulate.cluster.objects import Object, Objects, iso
from watchkeeper.simulate.cluster.quantities import number
from watchkeeper.simulate.cluster.scheduling import choose
from watchkeeper.simulate.ports import Container, Exit, Runtime

_BACKOFF = (0.5, 2.0, 5.0, 10.0, 20.0, 40.0)
"""Seconds before a container that ended is started again, by restart; shorter than a kubelet's, for people who watch."""


class PodController:
    """The scheduler and the kubelets."""

    def __init__(self, objects: Objects, runtime: Runtime, startup: float) -> None:
        self._objects = objects
        self._runtime = runtime
        self.startup = startup
        self._due: dict[str, float] = {}
        """uid -> when its container is to be started"""
        self._running: set[str] = set()
        self._made = 0
        self._events = 0
        self.refusals: dict[str, str] = {}
        """uid of an owner -> why its last pod could not be made"""
        self._told: dict[str, float] = {}

    def create(self, owner: Object, now: float) -> Object | None:
        """A pod from the owner's template, not yet scheduled; None where a quota has no room for it."""
        self._made += 1
        template, head = copy.deepcopy(owner["spec"]["template"]), owner["metadata"]
        template.setdefault("metadata", {})
        admission.defaulted(self._objects, head["namespace"], template["spec"])
        suffix = hashlib.sha256(f"{head['uid']}{self._made}".encode()).hexdigest()[:5]
        refused = admission.over_quota(
            self._objects, {"metadata": {"namespace": head["namespace"], "name": f"{head['name']}-{suffix}"}, "spec": template["spec"]}
        )  # fmt: skip
        if refused:
            self.refusals[head["uid"]] = refused
            if now >= self._told.get(head["uid"], 0.0):
                self._told[head["uid"]] = now + 10
                self.event(owner, "Warning", "FailedCreate", f"Error creating: {refused}", "replicaset-controller", now)
            return None
        self.refusals.pop(head["uid"], None)
        pod = self._objects.put(
            {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {
                    "name": f"{head['name']}-{suffix}", "namespace": head["namespace"], "labels": template["metadata"].get("labels", {}),
                    **({"annotations": template["metadata"]["annotations"]} if template["metadata"].get("annotations") else {}),
                    "ownerReferences": [{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": head["name"], "uid": head["uid"], "controller": True}],
                },
                "spec": template["spec"], "status": {"phase": "Pending"},
            },
            now,
        )  # fmt: skip
        self.event(
            owner, "Normal", "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}", "replicaset-controller", now
        )
        return pod

    def remove(self, pod: Object, now: float) -> None:
        """Take a pod away."""
        uid = pod["metadata"]["uid"]
        self._runtime.stop(uid, now)
        self._running.discard(uid)
        self._due.pop(uid, None)
        self._objects.remove("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])

    def reconcile(self, now: float) -> None:
        """One round over all pods."""
        for pod in self._objects.find("Pod"):
            if pod["status"].get("phase") in ("Succeeded", "Failed"):
                continue
            if not pod["spec"].get("nodeName"):
                self._schedule(pod, now)
            else:
                self._tend(pod, now)

    def _schedule(self, pod: Object, now: float) -> None:
        node, words = choose(self._objects, pod)
        after = copy.deepcopy(pod)
        if not node:
            if any(c.get("reason") == "Unschedulable" for c in pod["status"].get("conditions", [])):
                return
            after["status"] = {
                "phase": "Pending",
                "conditions": [_condition("PodScheduled", False, now, "Unschedulable", words)],
            }
            self._objects.put(after, now)
            self.event(pod, "Warning", "FailedScheduling", words, "default-scheduler", now, modern=True)
            return
        after["spec"]["nodeName"] = node
        after["status"] = {
            "phase": "Pending",
            "startTime": iso(now),
            "conditions": [_condition("PodScheduled", True, now)],
        }
        self._objects.put(after, now)
        words = f"Successfully assigned {pod['metadata']['namespace']}/{pod['metadata']['name']} to {node}"
        self.event(pod, "Normal", "Scheduled", words, "default-scheduler", now, modern=True)
        self._due[pod["metadata"]["uid"]] = now + self.startup

    def _tend(self, pod: Object, now: float) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._running:
            ended = self._runtime.exited(uid, now)
            if ended is not None:
                self._end(pod, ended, now)
                return
            failure = startable.probe_failure(pod["spec"]["containers"][0], pod["status"].get("podIP", ""))
            if (self._runtime.ready(uid, now) and not failure) != _is_ready(pod):
                self._mark(pod, not _is_ready(pod), now)
            elif failure and now >= self._told.get(uid, 0.0):
                self._told[uid] = now + 10
                self.event(pod, "Warning", "Unhealthy", failure, "kubelet", now)
        elif now >= self._due.get(uid, now):
            self._start(pod, now)

    def _start(self, pod: Object, now: float) -> None:
        spec = pod["spec"]["containers"][0]
        if not self._runtime.can_pull(spec["image"]):
            self._cannot_pull(pod, spec, now)
            return
        lacking = startable.missing_reference(self._objects, pod, spec)
        if lacking:
            self._wait(pod, spec, "CreateContainerConfigError", lacking, f"Error: {lacking}", now)
            return
        broken = startable.missing_program(spec)
        if broken:
            self._cannot_run(pod, spec, broken, now)
            return
        known = (pod["status"].get("containerStatuses") or [{}])[0]
        attempt = int(known.get("restartCount", 0)) + (
            1 if known.get("lastState") or known.get("state", {}).get("terminated") else 0
        )
        self._runtime.start(_container(pod, spec, attempt), now)
        self._running.add(pod["metadata"]["uid"])
        last = known.get("state", {}).get("terminated") or known.get("lastState", {}).get("terminated")
        status = {
            "name": spec["name"], "image": spec["image"], "imageID": "", "ready": False, "started": True, "restartCount": attempt,
            "state": {"running": {"startedAt": iso(now)}}, "lastState": {"terminated": last} if last else {},
        }  # fmt: skip
        self._status(pod, "Running", status, False, now)
        self.event(pod, "Normal", "Started", f"Started container {spec['name']}", "kubelet", now)

    def _cannot_pull(self, pod: Object, spec: Object, now: float) -> None:
        words = f'Back-off pulling image "{spec["image"]}"'
        self._wait(pod, spec, "ImagePullBackOff", words, f'Failed to pull image "{spec["image"]}": not found', now)

    def _wait(self, pod: Object, spec: Object, reason: str, words: str, told: str, now: float) -> None:
        status = {
            "name": spec["name"], "image": spec["image"], "imageID": "", "ready": False, "restartCount": 0,
            "state": {"waiting": {"reason": reason, "message": words}}, "lastState": {},
        }  # fmt: skip
        if (pod["status"].get("containerStatuses") or [{}])[0].get("state") != status["state"]:
            self._status(pod, "Pending", status, False, now)
            self.event(pod, "Warning", "Failed", told, "kubelet", now)
        self._due[pod["metadata"]["uid"]] = now + 10

    def _cannot_run(self, pod: Object, spec: Object, words: str, now: float) -> None:
        known = (pod["status"].get("containerStatuses") or [{}])[0]
        ended = {
            "exitCode": 128,
            "reason": "StartError",
            "message": words,
            "startedAt": "1970-01-01T00:00:00Z",
            "finishedAt": iso(now),
        }
        waiting = {"reason": "CrashLoopBackOff", "message": f"back-off restarting failed container={spec['name']}"}
        restarts = int(known.get("restartCount", -1)) + 1
        status = {
            "name": spec["name"], "image": spec["image"], "imageID": "", "ready": False, "started": False, "restartCount": restarts,
            "state": {"waiting": waiting}, "lastState": {"terminated": ended},
        }  # fmt: skip
        self._status(pod, "Running", status, False, now)
        self.event(pod, "Warning", "Failed", f"Error: {words}", "kubelet", now)
        self._due[pod["metadata"]["uid"]] = now + _BACKOFF[min(restarts, len(_BACKOFF) - 1)]

    def _end(self, pod: Object, ended: Exit, now: float) -> None:
        uid = pod["metadata"]["uid"]
        self._running.discard(uid)
        status = copy.deepcopy(pod["status"]["containerStatuses"][0])
        began = status["state"].get("running", {}).get("startedAt", iso(now))
        terminated = {"exitCode": ended.code, "reason": ended.reason, "startedAt": began, "finishedAt": iso(now)}
        if ended.message:
            terminated["message"] = ended.message
        policy = pod["spec"].get("restartPolicy", "Always")
        if policy == "Never" or (policy == "OnFailure" and ended.code == 0):
            status.update(ready=False, state={"terminated": terminated})
            self._status(pod, "Failed" if ended.code else "Succeeded", status, False, now)
            return
        wait = _BACKOFF[min(status["restartCount"], len(_BACKOFF) - 1)]
        self._due[uid] = now + wait
        crashing = status["restartCount"] >= 2
        state = {
            "waiting": {"reason": "CrashLoopBackOff", "message": f"back-off {wait:g}s restarting failed container"}
        }
        status.update(
            ready=False, state=state if crashing else {"terminated": terminated}, lastState={"terminated": terminated}
        )
        self._status(pod, "Running", status, False, now)
        if crashing:
            self.event(
                pod, "Warning", "BackOff", f"Back-off restarting failed container {status['name']}", "kubelet", now
            )

    def _mark(self, pod: Object, ready: bool, now: float) -> None:
        status = copy.deepcopy(pod["status"]["containerStatuses"][0])
        status["ready"] = ready
        self._status(pod, "Running", status, ready, now)
        if not ready:
            self.event(
                pod,
                "Warning",
                "Unhealthy",
                "Readiness probe failed: HTTP probe failed with statuscode: 503",
                "kubelet",
                now,
            )

    def _status(self, pod: Object, phase: str, container: Object, ready: bool, now: float) -> None:
        after = copy.deepcopy(pod)
        last = int(pod["metadata"]["uid"][:4], 16)
        after["status"].update(
            phase=phase, containerStatuses=[container], podIP=f"10.0.{last // 250 % 250}.{last % 250}", hostIP="10.1.0.1",
            conditions=[
                _condition("PodScheduled", True, now), _condition("Initialized", True, now),
                _condition("ContainersReady", ready, now), _condition("Ready", ready, now, "" if ready else "ContainersNotReady"),
            ],
        )  # fmt: skip
        self._objects.put(after, now)

    def event(
        self, about: Object, kind: str, reason: str, message: str, component: str, now: float, *, modern: bool = False
    ) -> None:
        """Schedulers write new-style events (null timestamps, eventTime in microseconds), the others old-style ones."""
        self._events += 1
        head = about["metadata"]
        namespace = head.get("namespace", "default")
        at = iso(now)
        times: Object = (
            {
                "firstTimestamp": None,
                "lastTimestamp": None,
                "eventTime": at[:-1] + ".000000Z",
                "source": {},
                "reportingComponent": component,
            }
            if modern
            else {
                "firstTimestamp": at,
                "lastTimestamp": at,
                "count": 1,
                "eventTime": None,
                "source": {"component": component},
                "reportingComponent": component,
            }
        )
        self._objects.put(
            {
                "apiVersion": "v1", "kind": "Event", "type": kind, "reason": reason, "message": message,
                "metadata": {"name": f"{head['name']}.{self._events:x}", "namespace": namespace}, "reportingInstance": "",
                "involvedObject": {"apiVersion": about["apiVersion"], "kind": about["kind"], "name": head["name"], "namespace": namespace, "uid": head["uid"]},
                **times,
            },
            now,
        )  # fmt: skip
        old = self._objects.get("Event", namespace, f"{head['name']}.{self._events - 2000:x}")
        if old is not None:
            self._objects.remove("Event", namespace, old["metadata"]["name"])


def _container(pod: Object, spec: Object, attempt: int) -> Container:
    resources = spec.get("resources", {})
    limits, requests = resources.get("limits", {}), resources.get("requests", {})
    head = pod["metadata"]
    return Container(
        namespace=head["namespace"], pod=head["name"], uid=head["uid"], node=pod["spec"]["nodeName"], name=spec["name"],
        owner=str(head.get("labels", {}).get("app", spec["name"])), image=spec["image"], labels=head.get("labels", {}),
        env={e["name"]: str(e.get("value", "")) for e in spec.get("env", [])}, args=tuple(spec.get("args", [])),
        cpu_request=number(requests.get("cpu", 0)), cpu_limit=number(limits["cpu"]) if "cpu" in limits else None,
        memory_request=number(requests.get("memory", 0)),
        memory_limit=number(limits["memory"]) if "memory" in limits else None, attempt=attempt,
    )  # fmt: skip


def _is_ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def _condition(kind: str, holds: bool, now: float, reason: str = "", message: str = "") -> Object:
    out: Object = {
        "type": kind,
        "status": "True" if holds else "False",
        "lastProbeTime": None,
        "lastTransitionTime": iso(now),
    }
    out["reason"] = reason
    if message:
        out["message"] = message
    return out
