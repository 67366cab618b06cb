"""A disk that got slow: queries wait, the pools in front of the database fill up, and it hurts most two hops away."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario
from watchkeeper.simulate.world import World

SERVICE = "database"


def begin(world: World, pace: float) -> None:
    """Sixty times as long for each query, not one of them failing."""
    world.afflict(SERVICE, Effects(latency_factor=60, pace=pace))


SCENARIO = Scenario("slow_database", "latency", SERVICE, "", begin)
