"""A dependency of two services that answers with errors of its own."""

from watchkeeper.simulate.effects import Effects
from watchkeeper.simulate.scenario import Scenario, role
from watchkeeper.simulate.world import World

SERVICE = "cache"


def begin(world: World, pace: float, service: str) -> None:
    """A quarter of its answers are errors."""
    world.afflict(
        service, Effects(error_rate=0.25, exception="READONLY You can't write against a read only replica.", pace=pace)
    )


SCENARIO = Scenario("failing_cache", "errors", SERVICE, "", begin, suits=role("cache"), incident=13)
