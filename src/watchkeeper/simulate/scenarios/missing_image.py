"""A release whose image was never pushed."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.shop import image
from watchkeeper.simulate.world import World

SERVICE = "catalogue"
VERSION = "1.6.0-rc1"


def begin(world: World, pace: float, service: str) -> None:
    """The registry does not have it; the old pods go on serving."""
    world.engine.missing_images.add(image(service, VERSION))
    world.release(service, VERSION)


SCENARIO = Scenario("missing_image", "image", SERVICE, "roll_back", begin, also=("release",), incident=3)
