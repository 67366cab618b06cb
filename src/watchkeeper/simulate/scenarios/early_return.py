"""A path through the code that ends too soon: answers look fine, but the cart is never asked from its cache."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "cart"


def begin(world: World, pace: float, service: str) -> None:
    """Nine of ten requests return before their calls."""
    world.afflict(service, Effects(early_return=0.9, error_rate=0.12, pace=pace))


SCENARIO = Scenario("early_return", "code", SERVICE, "", begin)
