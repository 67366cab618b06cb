"""Connections that are never given back: the pool is empty, requests wait for a connection and give up."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.shop import Shop
from watchkeeper.simulate.world import World

SERVICE = "payment"


def begin(world: World, pace: float, service: str) -> None:
    """Nearly all four connections of each pod are lost; with eight there are enough left."""
    world.afflict(service, Effects(leaked=0.9 * world.shop.services[service].pool_size, pace=pace))


def pooled(shop: Shop, name: str) -> bool:
    """Only a service with a pool can lose it."""
    return shop.services[name].pool_size > 0


SCENARIO = Scenario("pool_exhausted", "pool_exhausted", SERVICE, "raise_pool_size", begin, suits=pooled, incident=23)
