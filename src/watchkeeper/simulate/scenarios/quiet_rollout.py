"""A red herring: a good version is rolled out while nothing is wrong."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "cart"


def begin(world: World, pace: float, service: str) -> None:
    """As every day."""
    world.release(service, "1.4.9")


SCENARIO = Scenario("quiet_rollout", "none", SERVICE, "", begin)
