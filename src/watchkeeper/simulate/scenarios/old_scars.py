"""A red herring: high restart counters from last week, and warnings of events that frighten and do no harm."""

import copy

from watchkeeper.simulate.cluster.objects import iso
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "payment"


def begin(world: World, pace: float, service: str) -> None:
    """Written as the kubelet would have, eight days ago."""
    before = iso(world.now - 8 * 86400)
    ended = {"exitCode": 137, "reason": "OOMKilled", "startedAt": before, "finishedAt": before}
    for pod in world.cluster.find("Pod", world.shop.namespace, {"app": service}):
        scarred = copy.deepcopy(pod)
        scarred["status"]["containerStatuses"][0].update(restartCount=37, lastState={"terminated": ended})
        stored = world.cluster.objects.put(scarred, world.now)
        for reason, words in (
            ("OOMKilling", "Memory cgroup out of memory: Killed process 1"),
            ("BackOff", "Back-off restarting failed container"),
            ("Unhealthy", "Liveness probe failed: timeout"),
        ):
            world.cluster.pods.event(stored, "Warning", reason, words, "kubelet", world.now)


SCENARIO = Scenario("old_scars", "none", SERVICE, "", begin)
