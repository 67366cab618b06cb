"""The DNS servers of the cluster end again and again: no service finds another."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World


def begin(world: World, pace: float, service: str) -> None:
    """A Corefile that does not parse; both pods are started anew with it."""
    world.curse("coredns", Effects(lives=0.5, never_ready=True, exception="plugin/forward: not a valid address"))
    for pod in world.cluster.find("Pod", "kube-system", {"k8s-app": "kube-dns"}):
        world.cluster.delete("Pod", "kube-system", pod["metadata"]["name"], now=world.now)


SCENARIO = Scenario("dns_down", "network", "", "", begin, also=("crash",), cause="coredns", incident=19)
