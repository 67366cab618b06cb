"""A change of the manifests wants a kind of machine that the cluster does not have."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "cart"


def begin(world: World, pace: float, service: str) -> None:
    """A label that no node carries."""
    world.edit(
        service, "      containers:\n", "      nodeSelector: {disk: nvme}\n      containers:\n", "prefer fast disks"
    )


SCENARIO = Scenario("no_such_node", "scheduling", SERVICE, "", begin, cures=("roll_back",), incident=6)
