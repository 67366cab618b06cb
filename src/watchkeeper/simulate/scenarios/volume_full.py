"""The database's volume is full: what writes fails, what reads still works."""

from watchkeeper.simulate.scenario import Scenario, role
from watchkeeper.simulate.shop import VOLUME_GIB
from watchkeeper.simulate.world import World

SERVICE = "database"


def begin(world: World, pace: float, service: str) -> None:
    """A larger claim would have room."""
    world.disk_used[f"{service}-data"] = VOLUME_GIB * 2.0**30


SCENARIO = Scenario("volume_full", "storage", SERVICE, "expand_volume", begin, suits=role("database"), incident=12)
