"""Somebody scaled a dependency to zero: those who need it are refused."""

from watchkeeper.simulate.scenario import Scenario, role
from watchkeeper.simulate.world import World

SERVICE = "cache"


def begin(world: World, pace: float, service: str) -> None:
    """It looked unused."""
    before = f"  replicas: {world.shop.services[service].replicas} "
    world.edit(service, before, "  replicas: 0 ", "save cost")


SCENARIO = Scenario(
    "scaled_to_zero", "dependency", SERVICE, "", begin, also=("configuration",), suits=role("cache"), incident=13
)
