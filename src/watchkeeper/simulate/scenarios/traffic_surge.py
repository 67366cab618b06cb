"""Several times the usual visitors: nothing is broken, there is only too much to do."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World


def begin(world: World, pace: float, service: str) -> None:
    """Six times the load, more than the pods can carry."""
    world.engine.load *= 6


SCENARIO = Scenario("traffic_surge", "overload", "", "scale_out", begin, also=("cpu",))
