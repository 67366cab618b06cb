"""A new version that ends a few seconds after each start."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.shop import image
from watchkeeper.simulate.world import World

SERVICE = "checkout"
VERSION = "2.0.0"


def begin(world: World, pace: float, service: str) -> None:
    """The version is bad; somebody releases it."""
    world.curse(
        service,
        Effects(lives=4.0, error_rate=0.5, exception="panic: no route to configuration server"),
        image(service, VERSION),
    )
    world.release(service, VERSION)


SCENARIO = Scenario("crash_loop", "release", SERVICE, "roll_back", begin, also=("crash",), incident=1)
