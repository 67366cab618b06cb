"""A new version that fails a third of its requests, released through the repository like any other."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.shop import image
from watchkeeper.simulate.world import World

SERVICE = "catalogue"
VERSION = "1.5.0"
_EXCEPTION = (
    "NullPointerException: price of product is null\n"
    "    at shop.catalogue.PriceList.of(PriceList.java:88)\n    at shop.catalogue.Handler.get(Handler.java:41)"
)


def begin(world: World, pace: float, service: str) -> None:
    """The version is bad; somebody releases it."""
    world.curse(service, Effects(error_rate=0.35, exception=_EXCEPTION), image(service, VERSION))
    world.release(service, VERSION)


SCENARIO = Scenario("bad_release", "release", SERVICE, "roll_back", begin, incident=23)
