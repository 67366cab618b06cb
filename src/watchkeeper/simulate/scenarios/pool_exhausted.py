"""Queries that hold their connection longer: the pool is empty, requests wait for a connection and give up."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "payment"


def begin(world: World, pace: float) -> None:
    """Each query holds its connection so long that the pool would need to be half as large again."""
    world.afflict(SERVICE, Effects(hold_factor=45.0, pace=pace))


SCENARIO = Scenario("pool_exhausted", "pool_exhausted", SERVICE, "raise_pool_size", begin)
