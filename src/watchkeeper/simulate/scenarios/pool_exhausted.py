"""Connections that are never given back: the pool is empty, requests wait for a connection and give up."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "payment"


def begin(world: World, pace: float) -> None:
    """Nearly all four connections of each pod are lost; with eight there are enough left."""
    world.afflict(SERVICE, Effects(leaked=3.6, pace=pace))


SCENARIO = Scenario("pool_exhausted", "pool_exhausted", SERVICE, "raise_pool_size", begin)
