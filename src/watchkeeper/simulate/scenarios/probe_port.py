"""A change of the manifests points the readiness probe at a port on which nobody listens: the rollout sticks."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "catalogue"


def begin(world: World, pace: float, service: str) -> None:
    """The old pods go on serving; the new one never gets ready."""
    world.edit(service, "path: /ready, port: 8080", "path: /ready, port: 9090", "probe the management port")


SCENARIO = Scenario("probe_port", "configuration", SERVICE, "fix_probe", begin, cures=("roll_back",), incident=4)
