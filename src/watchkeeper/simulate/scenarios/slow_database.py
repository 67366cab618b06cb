"""A disk that got slow: queries wait, the pools in front of the database fill up, and it hurts most two hops away."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario, role
from watchkeeper.simulate.world import World

SERVICE = "database"


def begin(world: World, pace: float, service: str) -> None:
    """Sixty times as long for each query, not one of them failing."""
    world.afflict(service, Effects(latency_factor=60, pace=pace))


SCENARIO = Scenario("slow_database", "latency", SERVICE, "", begin, suits=role("database"), incident=23)
