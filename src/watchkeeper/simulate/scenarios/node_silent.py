"""A machine falls silent: its pods count as not ready, and its metrics are gone."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

NODE = "node-2"


def begin(world: World, pace: float, service: str) -> None:
    """The kubelet stops posting."""
    world.cluster.silent_nodes.add(NODE)


SCENARIO = Scenario("node_silent", "node", "", "cordon_and_drain", begin, cause=NODE, incident=15)
