"""Packets to and from one service take longer: its callers wait, it does not know."""

from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "shipping"


def begin(world: World, pace: float, service: str) -> None:
    """0.7 seconds on every call to and from it."""
    world.engine.edge_delay[service] = 0.7


SCENARIO = Scenario("network_delay", "network", SERVICE, "", begin)
